"""The live store on real servers, of every shape, under every fault of theirs."""

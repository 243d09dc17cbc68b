"""The vendor's field references as flat paths, to hold the look-alike's documents against (Telavox Studio API 2 and 3).

A path that ends in * stands for a numbered family. Historic types follow the colon.
"""


def _paths(text: str) -> frozenset[str]:
    return frozenset(text.split())


LIVE: dict[str, frozenset[str]] = {
    "calls": _paths(
        """
        active agent_first.account_id agent_first.answered agent_first.avatar agent_first.email agent_first.from_transfer
        agent_first.id agent_first.is_admin agent_first.licence.ccpro agent_first.licence.type agent_first.name agent_first.phone
        agent_first.to_transfer agent_first.username agent_last.account_id agent_last.answered agent_last.avatar agent_last.email
        agent_last.from_transfer agent_last.id agent_last.is_admin agent_last.licence.ccpro agent_last.licence.type
        agent_last.name agent_last.phone agent_last.to_transfer agent_last.username agent_list agent_list_answer
        agent_list_no_answer answered call_direction customer_target.number customer_telavox.id customer_telavox.name
        duration.before_queue duration.on_hold duration.queue.first duration.queue.last duration.queue.total duration.ring.first
        duration.ring.last duration.ring.total duration.talk.first duration.talk.last duration.talk.total duration.total
        duration.wait id_call inactive_number internal ivr_first.account_id ivr_first.id ivr_first.name ivr_first.phone
        ivr_first.timestamp ivr_last.account_id ivr_last.id ivr_last.name ivr_last.phone ivr_last.timestamp ivr_list
        menu_digit.destination menu_digit.dialed_number menu_digit.type offered_and_answered offered_and_not_answered ohw_ordered
        on_hooked_calls.answer_wait_request on_hooked_calls.customer_no_answer on_hooked_calls.no_wait_request
        queue_first.account_id queue_first.fail_reason queue_first.id queue_first.name queue_first.phone queue_first.strategy
        queue_first.timestart queue_last.account_id queue_last.fail_reason queue_last.id queue_last.name queue_last.phone
        queue_last.strategy queue_last.timestart queue_list queue_pickup recorded redirected.no_answer redirected.no_reason
        redirected.not_reachable redirected.total redirected.unconditional redirected.user_busy save_key_input.input
        save_key_input.variable_name simultaneous_device_calls terminated_call_reason time.end time.start transfer_first.answered
        transfer_first.type transfer_last.answered transfer_last.type transfers voicemail
        """
    ),
    "queues": _paths(
        """
        account_id active agent_first.account_id agent_first.answered agent_first.avatar agent_first.email agent_first.id
        agent_first.is_admin agent_first.licence.ccpro agent_first.licence.type agent_first.name agent_first.phone
        agent_first.username agent_last.account_id agent_last.answered agent_last.avatar agent_last.email agent_last.id
        agent_last.is_admin agent_last.licence.ccpro agent_last.licence.type agent_last.name agent_last.phone agent_last.username
        agent_list agent_list_answer agent_list_no_answer answered call_direction customer_target.number customer_telavox.id
        customer_telavox.name duration.hold duration.queue duration.ring.first duration.ring.last duration.ring.total
        duration.talk duration.total duration.wait id_call internal ivr.account_id ivr.id ivr.name ivr.phone ivr.timestamp
        on_hooked_calls queue.account_id queue.free_agents queue.id queue.name queue.not_answer_risk queue.phone
        queue.queue_talking_agents queue.strategy queue.timestart queue.total_talking_agents recorded time.end time.start transfer
        voicemail
        """
    ),
    "agents": _paths(
        """
        account_id active agent.account_id agent.avatar agent.email agent.id agent.is_admin agent.licence.ccpro agent.licence.type
        agent.name agent.phone agent.username agent_end_reason answered call_direction customer_target.number customer_telavox.id
        customer_telavox.name duration.hold duration.ring duration.talk duration.total id_call internal ivr.account_id ivr.id
        ivr.name ivr.phone ivr.timestamp on_hooked_calls queue.account_id queue.id queue.name queue.phone queue.strategy
        queue.timestart recorded simultaneous_device_calls time.answered time.end time.start transfer voicemail
        """
    ),
    "profile_live": _paths(
        """
        active active_call.answered active_call.call_direction active_call.id_call active_call.internal
        active_call.ivr_description active_call.ivr_id active_call.on_hooked_calls active_call.queue_description
        active_call.queue_id active_call.recorded active_call.time.answered active_call.time.start active_call.transfer
        admin_active agent.account_id agent.avatar agent.email agent.id agent.is_admin agent.licence.ccpro agent.licence.type
        agent.name agent.phone agent.username customer_telavox.id customer_telavox.name last_call_update last_call_update_sec
        mobile_active profile.active.default_duration profile.active.id profile.active.is_wrapup profile.active.name
        profile.active.start_date profile.active.status profile.active.status_message profile.not_active.default_duration
        profile.not_active.id profile.not_active.is_wrapup profile.not_active.name profile.not_active.start_date
        profile.not_active.status profile.not_active.status_message queue_login.logged_in.id queue_login.logged_in.name
        queue_login.logged_in.start_date queue_login.logged_out.id queue_login.logged_out.name queue_login.logged_out.start_date
        web_active
        """
    ),
    "profile_history": _paths(
        """
        agent.account_id agent.id agent.name agent.phone call_summary.active_calls call_summary.answered_calls
        call_summary.completed_calls call_summary.duration.talk call_summary.id_calls call_summary.total_answered
        call_summary.total_calls customer_telavox.id customer_telavox.name extra_profile_available_*.id
        extra_profile_available_*.name extra_profile_available_*.usage extra_profile_not_available_*.id
        extra_profile_not_available_*.name extra_profile_not_available_*.usage profile_available.active
        profile_available.available profile_available.busy profile_available.id profile_available.is_wrapup profile_available.name
        profile_available.time_start profile_available.times_in_profile profile_available.usage profile_not_available.active
        profile_not_available.available profile_not_available.busy profile_not_available.id profile_not_available.is_wrapup
        profile_not_available.name profile_not_available.time_start profile_not_available.times_in_profile
        profile_not_available.usage queue_summary.logged_in.account_id queue_summary.logged_in.active
        queue_summary.logged_in.number_times_logged_in queue_summary.logged_in.queue_id queue_summary.logged_in.queue_name
        queue_summary.logged_in.time_start queue_summary.logged_in.usage queue_summary.logged_out.account_id
        queue_summary.logged_out.active queue_summary.logged_out.number_times_logged_out queue_summary.logged_out.queue_id
        queue_summary.logged_out.queue_name queue_summary.logged_out.time_start queue_summary.logged_out.usage slot.busy
        slot.end_date slot.start_date slot.time_range
        """
    ),
}

HISTORIC: dict[str, frozenset[str]] = {
    "calls": _paths(
        """
        active:Int agentFirst.accountId:Int agentFirst.answered:DateTime agentFirst.email:String agentFirst.fromTransfer:Int
        agentFirst.id:Int agentFirst.licence.ccpro:Int agentFirst.licence.type:String agentFirst.name:String
        agentFirst.phone:String agentFirst.toTransfer:Int agentLast.accountId:Int agentLast.answered:DateTime
        agentLast.email:String agentLast.fromTransfer:Int agentLast.id:Int agentLast.licence.ccpro:Int
        agentLast.licence.type:String agentLast.name:String agentLast.phone:String agentLast.toTransfer:Int agentList:[String!]
        agentListAnswer:[String!] agentListNoAnswer:[String!] answered:Int callDirection:String customerTarget.number:String
        duration.onHold:Int duration.queue.first:Int duration.queue.last:Int duration.queue.total:Int duration.ring.first:Int
        duration.ring.last:Int duration.ring.total:Int duration.talk.first:Int duration.talk.last:Int duration.talk.total:Int
        duration.total:Int duration.wait:Int idCall:String inactiveNumber:Int internal:Int ivrFirst.accountId:Int ivrFirst.id:Int
        ivrFirst.name:String ivrFirst.phone:String ivrFirst.timestamp:DateTime ivrLast.accountId:Int ivrLast.id:Int
        ivrLast.name:String ivrLast.phone:String ivrLast.timestamp:DateTime ivrList:[String!] menuDigit.destination:String
        menuDigit.dialedNumber:String menuDigit.type:String offeredAndAnswered:Int offeredAndNotAnswered:Int
        onHookedCalls.answerWaitRequest:Int onHookedCalls.customerNoAnswer:Int onHookedCalls.noWaitRequest:Int
        queueFirst.accountId:Int queueFirst.failReason:String queueFirst.id:Int queueFirst.name:String queueFirst.phone:String
        queueFirst.strategy:String queueFirst.timestart:DateTime queueLast.accountId:Int queueLast.failReason:String
        queueLast.id:Int queueLast.name:String queueLast.phone:String queueLast.strategy:String queueLast.timestart:DateTime
        queueList:[String!] queuePickup:Int recorded:Int redirected.noAnswer:Int redirected.noReason:Int
        redirected.notReachable:Int redirected.total:Int redirected.unconditional:Int redirected.userBusy:Int
        saveKeyInput.input:String saveKeyInput.variableName:String simultaneousDeviceCalls:Int terminatedCallReason:String
        time.end:DateTime time.start:DateTime timestamp:DateTime transferFirst.answered:Int transferFirst.type:String
        transferLast.answered:Int transferLast.type:String transfers:Int
        """
    ),
    "queues": _paths(
        """
        active:Int agentEndReason:String agentFirst.accountId:Int agentFirst.answered:DateTime agentFirst.email:String
        agentFirst.fromTransfer:Int agentFirst.id:Int agentFirst.licence.ccpro:Int agentFirst.licence.type:String
        agentFirst.name:String agentFirst.phone:String agentFirst.toTransfer:Int agentLast.accountId:Int
        agentLast.answered:DateTime agentLast.email:String agentLast.fromTransfer:Int agentLast.id:Int agentLast.licence.ccpro:Int
        agentLast.licence.type:String agentLast.name:String agentLast.phone:String agentLast.toTransfer:Int answered:Int
        callDirection:String customerTarget.number:String duration.hold:Int duration.queue:Int duration.ring.first:Int
        duration.ring.last:Int duration.ring.total:Int duration.talk:Int duration.total:Int duration.wait:Int idCall:String
        internal:Int ivr.accountId:Int ivr.id:Int ivr.name:String ivr.phone:String ivr.timestamp:DateTime onHookedCalls:Int
        queue.accountId:Int queue.failReason:String queue.id:Int queue.name:String queue.phone:String queue.strategy:String
        queue.timestart:DateTime recorded:Int simultaneousDeviceCalls:Int time.end:DateTime time.start:DateTime transfer:Int
        voicemail:Int
        """
    ),
    "agents": _paths(
        """
        active:Int agent.accountId:Int agent.answered:DateTime agent.email:String agent.fromTransfer:Int agent.id:Int
        agent.licence.ccpro:Int agent.licence.type:String agent.name:String agent.phone:String agent.toTransfer:Int
        agentEndReason:String answered:Int callDirection:String customerTarget.number:String duration.hold:Int duration.ring:Int
        duration.talk:Int duration.total:Int idCall:String internal:Int ivr.accountId:Int ivr.id:Int ivr.name:String
        ivr.phone:String ivr.timestamp:DateTime onHookedCalls:Int queue.accountId:Int queue.failReason:String queue.id:Int
        queue.name:String queue.phone:String queue.strategy:String queue.timestart:DateTime recorded:Int
        simultaneousDeviceCalls:Int time.answered:DateTime time.end:DateTime time.start:DateTime transfer:Int voicemail:Int
        """
    ),
    "profile_history": _paths(
        """
        agent.accountId:Int agent.answered:DateTime agent.email:String agent.fromTransfer:Int agent.id:Int agent.licence.ccpro:Int
        agent.licence.type:String agent.name:String agent.phone:String agent.toTransfer:Int callSummary.activeCalls:[String!]
        callSummary.answeredCalls:[String!] callSummary.completedCalls:[String!] callSummary.duration.talk:Int
        callSummary.idCalls:[String!] callSummary.totalAnswered:Int callSummary.totalCalls:Int profileAvailable.active:Boolean
        profileAvailable.available:Boolean profileAvailable.busy:Int profileAvailable.id:Int profileAvailable.isWrapup:Boolean
        profileAvailable.name:String profileAvailable.timeStart:Float profileAvailable.timesInProfile:Int
        profileAvailable.usage:Int slot.busy:Int slot.endDate:Float slot.startDate:Float slot.timeRange:Int
        """
    ),
}

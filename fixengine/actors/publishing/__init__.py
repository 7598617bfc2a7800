"""Publishing: fills and dead letters go to the broker. Two actors do it, with these parts.

publisher           each stored fill goes to the topic once
    pending         where a fill is, and what may happen to it there: a state table
    outbox          questions to the repository
    outbox_watch    fills that nobody tells of
    tail_check      whether the topic has them
    take_over       fills of engines that are gone
    broker_watch    whether the broker answers, and what readiness says of it
    marks           published fills leave the outbox
dead_letters        records that nobody can process go to a topic of their own
    letter_queue    which are sent next, and what follows from a failure
    letter_board    what readiness, log and metrics show of them
    originals       large records leave the memory, and are read again

Both share deliveries (messages in flight), outgoing (values as messages) and limits (all times).
"""

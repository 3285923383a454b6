namespace KadOrleans.Simulation;

/// <summary>
/// A heap of events by due time, and by sequence at the same time. Every event knows its place, so that one which is
/// cancelled leaves at once and none is ever looked at in vain.
/// </summary>
internal sealed class EventQueue
{
    // Four children each: half the depth of a binary heap, and one cache line of references per level.
    private const int Arity = 4;

    private ScheduledEvent[] _events = new ScheduledEvent[16];

    public int Count { get; private set; }

    public ScheduledEvent? Peek() => Count == 0 ? null : _events[0];

    public void Add(ScheduledEvent item)
    {
        if (Count == _events.Length)
        {
            Array.Resize(ref _events, Count * 2);
        }

        SiftUp(item, Count++);
    }

    /// <summary>Takes an event out. False if it is in no queue.</summary>
    public bool Remove(ScheduledEvent item)
    {
        var index = item.Index;
        if (index < 0)
        {
            return false;
        }

        item.Index = -1;
        var last = _events[--Count];
        _events[Count] = null!;
        if (last == item)
        {
            return true;
        }

        if (last.IsBefore(item))
        {
            SiftUp(last, index);
        }
        else
        {
            SiftDown(last, index);
        }

        return true;
    }

    private void SiftUp(ScheduledEvent item, int index)
    {
        while (index > 0)
        {
            var parent = (index - 1) / Arity;
            if (!item.IsBefore(_events[parent]))
            {
                break;
            }

            Put(_events[parent], index);
            index = parent;
        }

        Put(item, index);
    }

    private void SiftDown(ScheduledEvent item, int index)
    {
        while (true)
        {
            var first = (index * Arity) + 1;
            if (first >= Count)
            {
                break;
            }

            var least = first;
            for (var child = first + 1; child < Math.Min(first + Arity, Count); child++)
            {
                least = _events[child].IsBefore(_events[least]) ? child : least;
            }

            if (!_events[least].IsBefore(item))
            {
                break;
            }

            Put(_events[least], index);
            index = least;
        }

        Put(item, index);
    }

    private void Put(ScheduledEvent item, int index)
    {
        _events[index] = item;
        item.Index = index;
    }
}

/// <summary>Something that happens at a virtual time. Belongs to one <see cref="EventQueue"/> at a time.</summary>
internal abstract class ScheduledEvent
{
    /// <summary>When, in ticks of virtual time.</summary>
    public long Due { get; set; }

    /// <summary>Its place among those of the same time.</summary>
    public long Sequence { get; set; }

    /// <summary>Its place in the queue; negative while it is in none.</summary>
    public int Index { get; set; } = -1;

    public abstract void Fire();

    public bool IsBefore(ScheduledEvent other) => Due < other.Due || (Due == other.Due && Sequence < other.Sequence);
}

namespace KadOrleans.Node.Requests;

/// <summary>
/// Requests by the time when something is to be done about them: a heap whose members know their place, so that one that is
/// answered leaves at once. Else each would stay, with its lookup and its bytes, until its time comes. The owner serialises calls.
/// </summary>
internal sealed class DeadlineQueue
{
    // Four children each: half the levels of two, and new deadlines mostly stay at the bottom.
    private const int Children = 4;

    private OutgoingRequest[] _heap = new OutgoingRequest[16];

    public int Count { get; private set; }

    /// <summary>Due first, or null.</summary>
    public OutgoingRequest? First => Count == 0 ? null : _heap[0];

    /// <summary>Adds a request that is not in the queue.</summary>
    public void Add(OutgoingRequest request, long due)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * Count);
        }

        request.Due = due;
        MoveUp(Count++, request);
    }

    /// <summary>Takes a request out, if it is in the queue.</summary>
    public void Remove(OutgoingRequest request)
    {
        var place = request.QueuePlace;
        if (place < 0)
        {
            return;
        }

        request.QueuePlace = OutgoingRequest.NotQueued;
        var last = _heap[--Count];
        _heap[Count] = null!;
        if (place == Count)
        {
            return;
        }

        if (place > 0 && last.Due < _heap[(place - 1) / Children].Due)
        {
            MoveUp(place, last);
        }
        else
        {
            MoveDown(place, last);
        }
    }

    /// <summary>Takes all out.</summary>
    public void Clear()
    {
        for (var i = 0; i < Count; i++)
        {
            _heap[i].QueuePlace = OutgoingRequest.NotQueued;
            _heap[i] = null!;
        }

        Count = 0;
    }

    private void MoveUp(int place, OutgoingRequest request)
    {
        while (place > 0)
        {
            var parent = (place - 1) / Children;
            if (_heap[parent].Due <= request.Due)
            {
                break;
            }

            Put(place, _heap[parent]);
            place = parent;
        }

        Put(place, request);
    }

    private void MoveDown(int place, OutgoingRequest request)
    {
        while (FirstChild(place) is var child && child > 0 && _heap[child].Due < request.Due)
        {
            Put(place, _heap[child]);
            place = child;
        }

        Put(place, request);
    }

    /// <summary>The child that is due first, or 0 if there is none.</summary>
    private int FirstChild(int place)
    {
        var begin = (place * Children) + 1;
        if (begin >= Count)
        {
            return 0;
        }

        var first = begin;
        var end = Math.Min(begin + Children, Count);
        for (var i = begin + 1; i < end; i++)
        {
            if (_heap[i].Due < _heap[first].Due)
            {
                first = i;
            }
        }

        return first;
    }

    private void Put(int place, OutgoingRequest request)
    {
        _heap[place] = request;
        request.QueuePlace = place;
    }
}

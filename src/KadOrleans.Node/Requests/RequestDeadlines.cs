using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Node.Requests;

/// <summary>
/// Reports each request whose deadline is over, with one timer for all. Requests that end earlier leave at once, so there are never more
/// here than pending.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="onDue">Called on a timer's thread, for one request after another.</param>
/// <param name="onFault">Gets what <paramref name="onDue"/> throws.</param>
internal sealed class RequestDeadlines(TimeProvider time, Action<OutgoingRequest> onDue, Action<Exception> onFault) : IDisposable
{
    // Guards all below.
    private readonly Lock _gate = new();
    private readonly DeadlineQueue _queue = new();
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;
    private bool _disposed;

    /// <summary>The number of waiting requests.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Reports a request after a time, unless it has ended. Returns false after disposal.</summary>
    public bool TryAdd(OutgoingRequest request, TimeSpan wait)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return false;
            }

            // It ended before it was added: nothing would remove it.
            if (request.IsEnded)
            {
                return true;
            }

            var due = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
            _queue.Add(request, due);
            if (due < _timerDue)
            {
                SetTimer(due);
            }

            return true;
        }
    }

    /// <summary>Removes a request that has ended. The timer stays set: at worst it finds nothing to do.</summary>
    public void Remove(OutgoingRequest request)
    {
        lock (_gate)
        {
            _queue.Remove(request);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _queue.Clear();
            _timer?.Dispose();
        }
    }

    private void SetTimer(long due)
    {
        _timerDue = due;
        var left = time.GetElapsedTime(time.GetTimestamp(), due);
        var wait = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        _timer ??= time.CreateTimer(
            static deadlines => ((RequestDeadlines)deadlines!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        while (TryTakeDue(out var request))
        {
            try
            {
                onDue(request);
            }
            catch (Exception e)
            {
                // Thrown on a timer's thread it would end the process.
                onFault(e);
            }
        }
    }

    private bool TryTakeDue([NotNullWhen(true)] out OutgoingRequest? request)
    {
        lock (_gate)
        {
            request = _queue.First;
            if (request is null)
            {
                _timerDue = long.MaxValue;
            }
            else if (request.Due > time.GetTimestamp())
            {
                SetTimer(request.Due);
                request = null;
            }
            else
            {
                _queue.Remove(request);
            }

            return request is not null;
        }
    }
}

/// <summary>
/// Requests by deadline: a heap whose members know their place, so that an answered request leaves at once. Otherwise each would stay, with
/// its lookup and bytes, until its deadline. Not safe for several threads.
/// </summary>
internal sealed class DeadlineQueue
{
    // Four children each: half the levels of two, and new deadlines mostly stay at the bottom.
    private const int Children = 4;

    private OutgoingRequest[] _heap = new OutgoingRequest[16];

    public int Count { get; private set; }

    /// <summary>The request that is due first, or null.</summary>
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

    /// <summary>Removes a request, if it is in the queue.</summary>
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

    /// <summary>Removes all.</summary>
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

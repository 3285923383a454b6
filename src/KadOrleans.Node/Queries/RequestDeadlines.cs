using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Node;

// Reports each request whose deadline is over, one after another on one timer's thread. Ended requests leave at once.
internal sealed class RequestDeadlines(TimeProvider time, Action<OutgoingRequest> onDue, Action<Exception> onFault) : IDisposable
{
    // Guards all below.
    private readonly Lock _gate = new();
    private readonly SortedSet<OutgoingRequest> _queue = new(Comparer<OutgoingRequest>.Create(static (one, other) =>
        one.Due != other.Due ? one.Due.CompareTo(other.Due) : one.QueueNumber.CompareTo(other.QueueNumber)));

    private long _added;
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;
    private bool _disposed;

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

    /// <summary>Returns false after disposal.</summary>
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
            (request.Due, request.QueueNumber) = (due, ++_added);
            _queue.Add(request);
            if (due < _timerDue)
            {
                SetTimer(due);
            }

            return true;
        }
    }

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
            request = _queue.Min;
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

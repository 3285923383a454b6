using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Node.Requests;

/// <summary>
/// Tells of each request whose time is over, with one timer for all. Those that end before leave at once, so there are never
/// more here than under way.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="onDue">Called on a timer's thread, for one request after another.</param>
/// <param name="onFault">Told what <paramref name="onDue"/> throws.</param>
internal sealed class RequestDeadlines(TimeProvider time, Action<OutgoingRequest> onDue, Action<Exception> onFault) : IDisposable
{
    // Guards all below.
    private readonly Lock _gate = new();
    private readonly DeadlineQueue _queue = new();
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;
    private bool _disposed;

    /// <summary>Requests that wait for their time.</summary>
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

    /// <summary>Has a request told of after a time, unless it has ended. False after disposal.</summary>
    public bool TryAdd(OutgoingRequest request, TimeSpan wait)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return false;
            }

            // Answered or given up before it was here: nobody would take it out.
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

    /// <summary>Takes a request out that has ended. The timer is left as it is: at worst it finds nothing to do.</summary>
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
                // On a timer's thread it would end the process, and no other request would ever time out.
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

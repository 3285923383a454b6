using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Node.Requests;

namespace KadOrleans.Node.Crawling;

/// <summary>
/// A <see cref="Crawl"/> on the wire, within a rate: asks whom the state machine names and feeds it what comes back.
/// Answers arrive on any thread, so one lock guards the state machine; nothing is sent while it is held.
/// </summary>
public sealed class CrawlRun
{
    /// <summary>Datagrams per second, at most; fewer than 1 is not allowed either.</summary>
    public const int HighestRate = 10_000;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Crawl _crawl;
    private readonly RequestTable _requests;
    private readonly NodeId _ownId;
    private readonly TimeProvider _time;

    // Guards _crawl, _pace, _isSending, _isOver and _sent.
    private readonly Lock _gate = new();
    private readonly SendPace _pace;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private bool _isSending;
    private bool _isOver;
    private long _sent;

    internal CrawlRun(Crawl crawl, int perSecond, RequestTable requests, NodeId ownId, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perSecond, HighestRate);
        (_crawl, _requests, _ownId, _time) = (crawl, requests, ownId, time);
        _pace = new SendPace(time, perSecond);
    }

    /// <summary>Datagrams sent so far, retries among them.</summary>
    public long Sent
    {
        get
        {
            lock (_gate)
            {
                return _sent;
            }
        }
    }

    /// <summary>Looks at the crawl while nothing changes it. What is returned must not refer to it.</summary>
    public T Read<T>(Func<Crawl, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        lock (_gate)
        {
            return read(_crawl);
        }
    }

    /// <summary>Crawls to the end, or until cancelled; what has been found by then stands. Called once.</summary>
    /// <returns>Whether it came to the end.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await using var timer = _time.CreateTimer(
            static run => ((CrawlRun)run!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer = timer;
        using (cancellationToken.UnsafeRegister(static run => ((CrawlRun)run!).End(), this))
        {
            Pump();
            await _done.Task;
        }

        return Read(crawl => crawl.IsDone);
    }

    internal void OnPong(CrawlQuestion question, NodeId? id, TimeSpan roundTrip)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _crawl.OnPong(question.Endpoint, id, roundTrip);
            }
        }

        Pump();
    }

    internal void OnNodes(CrawlQuestion question, ReadOnlySpan<Contact> contacts, TimeSpan roundTrip)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _crawl.OnNodes(question.Endpoint, contacts, roundTrip);
            }
        }

        Pump();
    }

    internal void OnLate()
    {
        lock (_gate)
        {
            Count();
        }
    }

    internal void OnFailed(CrawlQuestion question, RequestFailure failure)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _crawl.OnFailed(question.Endpoint, failure == RequestFailure.Unreachable);
            }
        }

        Pump();
    }

    /// <summary>Sends what may be sent. A request that fails at once comes back here, to find somebody at it.</summary>
    private void Pump()
    {
        lock (_gate)
        {
            if (_isSending || _isOver)
            {
                return;
            }

            _isSending = true;
        }

        while (TryNext(out var question))
        {
            _requests.Send(new CrawlCall(question, _ownId, this));
        }
    }

    private bool TryNext(out CrawlQuestion question)
    {
        lock (_gate)
        {
            question = default;
            if (!_isOver && _pace.Wait > TimeSpan.Zero)
            {
                // Shorter waits would spin; the pace makes up for longer ones.
                _timer!.Change(_pace.Wait > Tick ? _pace.Wait : Tick, Timeout.InfiniteTimeSpan);
            }
            else if (!_isOver && _crawl.TryNext(out question))
            {
                Count();
                return true;
            }
            else if (_crawl.IsDone)
            {
                _isOver = true;
                _done.TrySetResult();
            }

            _isSending = false;
            return false;
        }
    }

    private void Count()
    {
        _pace.Count();
        _sent++;
    }

    private void End()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        _done.TrySetResult();
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Node.Requests;
using KadOrleans.Wire;

namespace KadOrleans.Node.Crawling;

/// <summary>
/// A <see cref="Crawl"/> on the wire, within a rate: sends the queries of the state machine and feeds it the responses. Responses arrive on
/// any thread, so one lock guards the state machine. Nothing is sent while it is held.
/// </summary>
internal sealed class CrawlRun
{
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
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perSecond, CrawlOptions.HighestRate);
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

    /// <summary>Reads the crawl's state under the lock. The result must not refer to the crawl.</summary>
    public T Read<T>(Func<Crawl, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        lock (_gate)
        {
            return read(_crawl);
        }
    }

    /// <summary>Crawls to the end, or until cancelled, which keeps the results so far. Call it once.</summary>
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

    internal void OnPong(CrawlQuery query, NodeId? id, TimeSpan roundTrip)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _crawl.OnPong(query.Endpoint, id, roundTrip);
            }
        }

        Pump();
    }

    internal void OnNodes(CrawlQuery query, ReadOnlySpan<Contact> contacts, TimeSpan roundTrip, AddressForm form)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _crawl.OnNodes(query.Endpoint, contacts, roundTrip, form);
            }
        }

        Pump();
    }

    internal void OnUnresponsive()
    {
        lock (_gate)
        {
            Count();
        }
    }

    internal void OnFailed(CrawlQuery query, RequestFailure failure)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _crawl.OnFailed(query.Endpoint, failure == RequestFailure.Unreachable);
            }
        }

        Pump();
    }

    /// <summary>
    /// Sends what the rate allows. A request that fails at once re-enters here, and returns as a caller is already sending.
    /// </summary>
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

        while (TryNext(out var query))
        {
            _requests.Send(new CrawlCall(query, _ownId, this));
        }
    }

    private bool TryNext(out CrawlQuery query)
    {
        lock (_gate)
        {
            query = default;
            if (!_isOver && _pace.Wait > TimeSpan.Zero)
            {
                // Shorter waits would spin; the pace makes up for longer ones.
                _timer!.Change(_pace.Wait > Tick ? _pace.Wait : Tick, Timeout.InfiniteTimeSpan);
            }
            else if (!_isOver && _crawl.TryNext(out query))
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

/// <summary>A PING or FIND_NODE of a crawl. It carries no expectation, so the routing table learns nothing of it.</summary>
internal sealed class CrawlCall(CrawlQuery query, NodeId sender, CrawlRun run) : OutgoingRequest(query.Endpoint, null)
{
    /// <summary>
    /// The most contacts read from one response. The network's nodes send k = 20; nodes with a larger k may send up to this many.
    /// </summary>
    private const int MaxContacts = 64;

    public override RequestKind Kind => query.Target is null ? RequestKind.Ping : RequestKind.FindNode;

    public override bool IsIntroduction => query.Target is null;

    public override int Write(Span<byte> destination, MessageId id) => query.Target is { } target
        ? RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(sender, target))
        : RequestWriter.WritePing(destination, id, new PingRequest(sender));

    public override bool TryComplete(ReadOnlySpan<byte> body) =>
        query.Target is null ? TryCompletePing(body) : TryCompleteFind(body);

    public override void OnUnresponsive() => run.OnUnresponsive();

    public override void OnFailed(RequestFailure failure) => run.OnFailed(query, failure);

    private bool TryCompletePing(ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadPong(body, out var id))
        {
            run.OnPong(query, id, RoundTrip);
            return true;
        }

        if (ResponseReader.IsEmptyPong(body))
        {
            run.OnPong(query, null, RoundTrip);
            return true;
        }

        return false;
    }

    private bool TryCompleteFind(ReadOnlySpan<byte> body)
    {
        Span<Contact> contacts = stackalloc Contact[MaxContacts];
        if (!ResponseReader.TryReadNodes(body, contacts, out var count))
        {
            return false;
        }

        run.OnNodes(query, contacts[..count], RoundTrip, ResponseReader.ReadForm(body));
        return true;
    }
}

namespace KadOrleans.Node;

/// <summary>A <see cref="Crawl"/> on the wire, within a rate. A lock guards the state machine, not the sending.</summary>
internal sealed class CrawlRun
{
    /// <summary>Lookups into a part of the id space. One alone may meet liars or a gap.</summary>
    private const int Lookups = 3;

    /// <summary>Datagrams per contact of a lookup, in the worst case: a request and its retry.</summary>
    private const int DatagramsPerContact = 2;

    /// <summary>Contacts asked for the address at which they see this node.</summary>
    private const int Witnesses = 5;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly DhtNode _node;
    private readonly Crawl _crawl;
    private readonly int _perSecond;
    private readonly RequestTable _requests;
    private readonly NodeEnvironment _environment;

    // Guards _crawl, _pace, _isSending, _isOver and _sent.
    private readonly Lock _gate = new();
    private readonly SendPace _pace;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private bool _isSending;
    private bool _isOver;
    private long _sent;

    internal CrawlRun(DhtNode node, CrawlOptions options, int perSecond, RequestTable requests, NodeEnvironment environment)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perSecond, CrawlOptions.HighestRate);
        (_node, _perSecond, _requests, _environment, Options) = (node, perSecond, requests, environment, options);
        _crawl = new Crawl(options with { IgnoredId = DhtNode.ClientId }, environment.Random);
        _pace = new SendPace(environment.Time, perSecond);
    }

    public CrawlOptions Options { get; }

    public long Sent => Read(_ => _sent);

    public CrawlCounts Counts => Read(crawl => crawl.Counts);

    public List<CrawlRecord> Records => Read(crawl => crawl.Records.ToList());

    // The result must not refer to the crawl.
    public T Read<T>(Func<Crawl, T> read)
    {
        lock (_gate)
        {
            return read(_crawl);
        }
    }

    /// <summary>Changes the crawl, unless it was stopped.</summary>
    public void Change(Action<Crawl> change)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                change(_crawl);
            }
        }
    }

    /// <summary>Crawls once, until the end or cancelled, which keeps the results. Returns whether it came to the end.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        await using var timer = _environment.Time.CreateTimer(
            static run => ((CrawlRun)run!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer = timer;
        using (cancellationToken.UnsafeRegister(static run => ((CrawlRun)run!).End(), this))
        {
            Pump();
            await _done.Task;
        }

        return Read(crawl => crawl.IsDone);
    }

    internal void Take(Action<Crawl> take)
    {
        Change(take);
        Pump();
    }

    internal void Count()
    {
        lock (_gate)
        {
            _pace.Count();
            _sent++;
        }
    }

    /// <summary>Finds nodes to begin with, by lookups in the region. Ends when the rate has paid for them.</summary>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var region = Options.Region;
        Add(_node.RoutingTable.Contacts.Where(contact => region.Contains(contact.Id)));
        if (region.Contains(_node.Id) && await FindOwnEndpointAsync(cancellationToken) is { } own)
        {
            var record = new CrawlRecord
            {
                Endpoint = own,
                State = CrawlState.Visited,
                Id = _node.Id,
                Contacts = _node.RoutingTable.Count,
                IsComplete = true,
                Form = AddressForm.Text,
            };
            Change(crawl => crawl.Restore(record));
            await PayAsync(Witnesses);
        }

        for (var i = 0; i < Lookups && region.Depth > 0; i++)
        {
            var outcome = await _node.FindNodeAsync(region.RandomId(_environment.Random), cancellationToken);
            Add(outcome.Closest);
            await PayAsync(outcome.Asked);
        }

        void Add(IEnumerable<Contact> contacts) => Change(crawl => contacts.ToList().ForEach(crawl.Add));

        Task PayAsync(int asked) =>
            Task.Delay(TimeSpan.FromSeconds((double)DatagramsPerContact * asked / _perSecond), _environment.Time, cancellationToken);
    }

    /// <summary>Where most of the nearest contacts see this node, as no node names its querier.</summary>
    private async Task<UdpEndpoint?> FindOwnEndpointAsync(CancellationToken cancellationToken) =>
        (await _node.GetVisibleAddressesAsync(Witnesses, cancellationToken))
            .Where(address => address.Seen is not null)
            .GroupBy(address => address.Seen)
            .OrderByDescending(group => group.Count())
            .FirstOrDefault()?.Key;

    /// <summary>Sends what the rate allows. A request that fails at once re-enters here, and returns.</summary>
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
            _requests.Send(new CrawlCall(query, _node.Id, this));
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

    private void End()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        _done.TrySetResult();
    }
}

/// <summary>A PING or FIND_NODE of a crawl. Without an expected id, so the routing table learns nothing of it.</summary>
internal sealed class CrawlCall(CrawlQuery query, NodeId sender, CrawlRun run) : OutgoingRequest(query.Endpoint, null)
{
    /// <summary>The most contacts read from one response; nodes send their k, mostly 20.</summary>
    private const int MaxContacts = 64;

    public override RequestKind Kind => query.Target is null ? RequestKind.Ping : RequestKind.FindNode;

    public override bool IsIntroduction => query.Target is null;

    public override int Write(Span<byte> destination, MessageId id) => query.Target is { } target
        ? RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(sender, target))
        : RequestWriter.WritePing(destination, id, new PingRequest(sender));

    public override bool TryComplete(ReadOnlySpan<byte> body) =>
        query.Target is null ? TryCompletePing(body) : TryCompleteFind(body);

    public override void OnUnresponsive() => run.Count();

    public override void OnFailed(RequestFailure failure) =>
        run.Take(crawl => crawl.OnFailed(query.Endpoint, failure == RequestFailure.Unreachable));

    private bool TryCompletePing(ReadOnlySpan<byte> body)
    {
        var hasId = ResponseReader.TryReadPong(body, out var id);
        if (!hasId && !ResponseReader.IsEmptyPong(body))
        {
            return false;
        }

        run.Take(crawl => crawl.OnPong(query.Endpoint, hasId ? id : null, RoundTrip));
        return true;
    }

    private bool TryCompleteFind(ReadOnlySpan<byte> body)
    {
        var contacts = new Contact[MaxContacts];
        if (!ResponseReader.TryReadNodes(body, contacts, out var count))
        {
            return false;
        }

        var form = ResponseReader.ReadForm(body);
        run.Take(crawl => crawl.OnNodes(query.Endpoint, contacts.AsSpan(0, count), RoundTrip, form));
        return true;
    }
}

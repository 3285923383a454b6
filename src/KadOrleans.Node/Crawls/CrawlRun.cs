namespace KadOrleans.Node;

/// <summary>A <see cref="Crawl"/> on the wire, within a rate. A lock guards the state machine, not the sending.</summary>
internal sealed class CrawlRun(
    DhtNode node, CrawlOptions options, int perSecond, RequestTable requests, NodeEnvironment environment)
{
    /// <summary>Lookups into a part of the id space. One alone may meet liars or a gap.</summary>
    private const int Lookups = 3;

    /// <summary>Datagrams per contact of a lookup, in the worst case: a request and its retry.</summary>
    private const int DatagramsPerContact = 2;

    /// <summary>Contacts asked for the address at which they see this node.</summary>
    private const int Witnesses = 5;

    /// <summary>The most contacts read from one response; nodes send their k, mostly 20.</summary>
    private const int MaxContacts = 64;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Crawl _crawl = new(
        options with { IgnoredId = DhtNode.ClientId, IsRefused = node.Own.IsRefused }, environment.Random);

    // Guards _crawl, _pace, _isSending, _isOver and _sent.
    private readonly Lock _gate = new();
    private readonly SendPace _pace = new(environment.Time, perSecond);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private bool _isSending;
    private bool _isOver;
    private long _sent;

    public CrawlOptions Options => options;

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

        await using var timer = environment.Time.CreateTimer(
            static run => ((CrawlRun)run!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer = timer;
        using (cancellationToken.UnsafeRegister(static run => ((CrawlRun)run!).End(), this))
        {
            Pump();
            await _done.Task;
        }

        return Read(crawl => crawl.IsDone);
    }

    private void Count()
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
        Add(node.RoutingTable.Contacts.Where(contact => region.Contains(contact.Id)));
        if (region.Contains(node.Id) && await FindOwnEndpointAsync(cancellationToken) is { } own)
        {
            var record = new CrawlRecord
            {
                Endpoint = own,
                State = CrawlState.Visited,
                Id = node.Id,
                Contacts = node.RoutingTable.Count,
                IsComplete = true,
                Form = AddressForm.Text,
            };
            Change(crawl => crawl.Restore(record));
            await PayAsync(Witnesses);
        }

        for (var i = 0; i < Lookups && region.Depth > 0; i++)
        {
            var outcome = await node.FindNodeAsync(region.RandomId(environment.Random), cancellationToken);
            Add(outcome.Closest);
            await PayAsync(outcome.Asked);
        }

        void Add(IEnumerable<Contact> contacts) => Change(crawl => contacts.ToList().ForEach(crawl.Add));

        Task PayAsync(int asked) =>
            Task.Delay(TimeSpan.FromSeconds((double)DatagramsPerContact * asked / perSecond), environment.Time, cancellationToken);
    }

    /// <summary>Where most of the nearest contacts see this node, as no node names its querier.</summary>
    private async Task<UdpEndpoint?> FindOwnEndpointAsync(CancellationToken cancellationToken) =>
        (await node.GetVisibleAddressesAsync(Witnesses, cancellationToken))
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
            requests.Send(CreateCall(query));
        }
    }

    // Without an expected id, so the routing table learns nothing of it.
    private OutgoingRequest CreateCall(CrawlQuery query)
    {
        if (query.Target is not { } target)
        {
            return new PingCall(query.Endpoint, null, node.Id, OnPinged, Count, asksForToken: false);
        }

        return new EndpointCall<(Contact[] Contacts, AddressForm Form)>(
            RequestKind.FindNode,
            query.Endpoint,
            expectedId: null,
            (destination, id) => RequestWriter.Write(destination, id, RequestKind.FindNode, node.Id, target),
            TryReadNodes,
            (call, found, failure) => Settle(
                call, failure, crawl => crawl.OnNodes(call.Destination, found.Contacts, call.RoundTrip, found.Form)),
            Count);
    }

    private void OnPinged(OutgoingRequest call, NodeId? id, RequestFailure? failure) =>
        Settle(call, failure, crawl => crawl.OnPong(call.Destination, id, call.RoundTrip));

    private void Settle(OutgoingRequest call, RequestFailure? failure, Action<Crawl> takeResponse)
    {
        Change(failure is null ? takeResponse : crawl => crawl.OnFailed(call.Destination, failure == RequestFailure.Unreachable));
        Pump();
    }

    private static bool TryReadNodes(ReadOnlySpan<byte> body, out (Contact[] Contacts, AddressForm Form) found)
    {
        var contacts = new Contact[MaxContacts];
        var isRead = ResponseReader.TryReadNodes(body, contacts, out var count);
        found = isRead ? (contacts[..count], ResponseReader.ReadForm(body)) : default;
        return isRead;
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

using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Node;

/// <summary>The engine: one node id behind ports. <see cref="KadNode"/> is the standalone node around it.</summary>
public sealed class DhtNode : IDatagramReceiver, IAsyncDisposable
{
    private readonly IDatagramTransport _transport;
    private readonly IRoutingTable _table;
    private readonly IKeyStore _store;
    private readonly NodeEnvironment _environment;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NetworkSize _size;
    private readonly Reachability _reachability;
    private readonly Strangers _strangers;
    private readonly BansInForce _bans = new();
    private readonly HeldTokens _tokens;
    private readonly RequestTable _requests;
    private readonly EndpointQueries _queries;
    private readonly Prober _prober;
    private readonly ResponseGate _gate;
    private readonly RequestHandlers _handlers;
    private readonly RequestAdmission _admission;
    private readonly ValueCopies _copies;
    private readonly HandOff _handOff;
    private readonly Bootstrapper _bootstrapper;
    private readonly OwnEndpointCheck _ownCheck;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedStop _stop;
    private Task _handOffLoop = Task.CompletedTask;

    /// <summary>
    /// All clients share this id, all bits 0: Python nodes keep every sender as a contact, so one client at most.
    /// </summary>
    public static NodeId ClientId => NodeId.MinValue;

    /// <summary>Sends and receives nothing before <see cref="Start"/>. Disposes the transport; the caller disposes the store.</summary>
    internal DhtNode(
        KadNodeOptions options,
        IDatagramTransport transport,
        IRoutingTable table,
        IKeyStore store,
        NodeEnvironment environment,
        KeyWatches? watches = null,
        WriteGuard? writes = null,
        IReadOnlyCollection<ushort>? siblingPorts = null,
        SiblingIds? siblings = null)
    {
        Watches = watches ??= new KeyWatches();
        (Options, _transport, _table, _store) = (options, transport, table, store);
        (_environment, _time, _logger) = (environment, environment.Time, environment.LoggerFactory.CreateLogger<DhtNode>());
        _stop = new SharedStop(StopAsync);
        Id = table.Snapshot.OwnId;
        _size = new NetworkSize(options.ClientOnly ? null : Id, options.Kademlia.BucketSize);
        _reachability = new Reachability(table, _time) { HasBootstrap = options.Bootstrap.Count > 0 };
        var rates = new EndpointRates(options.Limits, options.Upload);
        var verified = new VerifiedEndpoints(_time, rates);
        var budget = new UploadBudget(options.Upload.Total, _time);
        _strangers = new Strangers(Id, new AddressProofs(environment.Random, _time), verified, budget, Proceed, GiveUp, Metrics, _time);
        _tokens = new HeldTokens(_time);
        _requests = new RequestTable(
            transport, _time, environment.Random, new RequestOutcomes(table, verified, _strangers, _reachability, _logger), _bans, _tokens);
        _queries = new EndpointQueries(_requests, Id);
        var trusted = AddressRangeSet.Parse(options.Trust);
        Own = new OwnEndpoints(transport, table, trusted, siblingPorts ?? []);
        _ownCheck = new OwnEndpointCheck(this, Own, table, environment);
        _prober = new Prober(_requests, Id, trusted, _time, OnProbed);
        _gate = new ResponseGate(table, _strangers, _prober, budget, Own, Metrics, _time, options.ClientOnly);
        writes ??= new WriteGuard(options, environment);
        Siblings = siblings ?? new SiblingIds(environment.Time);
        _handlers = new RequestHandlers(table, store, watches, options.Kademlia, _gate, writes, Siblings, _bans, Metrics, _time, _logger);
        _admission = new RequestAdmission(
            _handlers, _gate, trusted, verified, writes, Own, _bans, options.Limits, options.ClientOnly, Metrics, _time);
        Checks = environment.CreateChecks();
        var settings = new LimitValues(options.Quota, options.Limits, options.Upload, CrawlOptions.DefaultRate);
        Rules = new RulesInForce(settings, options.MostKeys, _bans, table, store, _admission, rates, budget);
        Lookups = new LookupRunner(
            table, _requests, contact => OnProbed(contact.Endpoint, contact.Id), Own, options.Kademlia, trusted, _size, Checks, Metrics, environment);
        Tokens = new TokenRequests(_requests, _tokens, Id);
        Storer = new ValueStorer(_requests, Tokens, Id, Siblings);
        Publisher = new ValuePublisher(Lookups, Storer, store, Id, Siblings, options, _time);
        Upload = new MaintenanceUpload(budget, _time);
        Windows = new ContactWindows(_time);
        Sweeps = new SweepWatch(_time, Windows, Metrics, options.Kademlia);
        _copies = new ValueCopies(store, Storer, Turns, options.Kademlia, _time);
        _handOff = new HandOff(table, store, _copies, IsThereAsync, Upload, options.Kademlia, trusted, _time, _logger);
        _bootstrapper = new Bootstrapper(_queries, Lookups, environment.Resolver, Own, table, _logger);
        table.ContactAdded += OnContactAdded;
        table.CheckNeeded += _prober.Check;

        // One that left since it answered, some twenty minutes ago at most, costs a newcomer some values until they are sent again.
        async ValueTask<bool> IsThereAsync(Contact contact) =>
            (verified.Contains(contact.Endpoint) && !_requests.IsUnresponsive(contact.Endpoint)) || await Tokens.AskAsync(contact);
    }

    /// <summary>The node's id.</summary>
    public NodeId Id { get; }

    /// <summary>A node has answered a ping under this id, whether or not the table has room for it. Raised on any thread; must be quick.</summary>
    internal event Action<Contact>? ContactProved;

    internal KeyTurns Turns { get; } = new();

    internal SiblingIds Siblings { get; }

    internal ReceiveLag Lag { get; } = new();

    /// <summary>The bound endpoints, with the real ports.</summary>
    public IReadOnlyList<UdpEndpoint> LocalEndpoints => _transport.LocalEndpoints;

    /// <summary>The contacts it knows now.</summary>
    public RoutingTableSnapshot RoutingTable => _table.Snapshot;

    /// <summary>Counts since the start, by name.</summary>
    public IReadOnlyDictionary<string, long> Counts => Metrics.Totals();

    /// <summary>The network's size, estimated from the last lookups. Null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize => _size.Estimate;

    /// <summary>
    /// Whether contacts respond. True for a minute after a response. Then true while fewer than 3 requests, or fewer than 8
    /// contacts (all of a smaller table), have failed. False with an empty table and before the first response.
    /// </summary>
    public bool HasGoodContact => _reachability.IsGood;

    /// <summary>Whether it has contacts, or had some that it remembers, before a restart too.</summary>
    internal bool HasHadContacts => _table.HasHadContacts;

    /// <summary>Whether it may be its network's first node. Else it has yet to join without contacts, as after a start, or is cut off.</summary>
    internal bool MayBeFirst => _reachability.MayBeFirst;

    /// <summary>Whether it is its network's first node so far, and alone in it.</summary>
    internal bool IsFirst => MayBeFirst && RoutingTable.Count == 0;

    /// <summary>Whether a value that nobody took had somebody to go to: this node is cut off then, and not alone.</summary>
    internal bool IsCutOff(SetResult result) => result.Stored + result.Refused == 0
        && (result.Failed > 0 || result.Lookup is { Asked: > 0 } || !MayBeFirst);

    internal IRoutingTable Table => _table;

    internal EndpointQueries Queries => _queries;

    internal BanSet Bans => _bans.Set;

    internal Bootstrapper Bootstrapper => _bootstrapper;

    internal KadNodeOptions Options { get; }

    internal KademliaOptions Kademlia => Options.Kademlia;

    internal NodeMetrics Metrics { get; } = new();

    internal KeyWatches Watches { get; }

    internal LookupRunner Lookups { get; }

    /// <summary>Checks what lookups find. The store checks what it is sent itself.</summary>
    internal ItemChecks Checks { get; }

    internal ValuePublisher Publisher { get; }

    internal ValueStorer Storer { get; }

    internal TokenRequests Tokens { get; }

    internal MaintenanceUpload Upload { get; }

    internal ContactWindows Windows { get; }

    /// <summary>How far upkeep is.</summary>
    internal SweepWatch Sweeps { get; }

    internal OwnEndpoints Own { get; }

    internal RulesInForce Rules { get; }

    /// <summary>Starts to receive. Call it once.</summary>
    public void Start()
    {
        NodeMetrics.Begin();
        NodeGauges.NetworkSizes.Watch(_size);
        NodeGauges.Tables.Watch(_reachability);
        NodeGauges.Sweeps.Watch(Sweeps);
        _handOffLoop = _handOff.RunAsync(_stopping.Token);
        _transport.Start(this);
    }

    /// <summary>Joins the network through other nodes, given as HOST:PORT or as saved contacts.</summary>
    /// <returns>The result for each, and for the lookup of the own id that followed.</returns>
    public Task<BootstrapResult> BootstrapAsync(IEnumerable<string> nodes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return _bootstrapper.RunAsync(nodes, null, cancellationToken);
    }

    /// <summary>Joins the network through bootstrap nodes, and through contacts of before, of which silence is no news.</summary>
    internal Task<BootstrapResult> BootstrapAsync(ICollection<string> nodes, IEnumerable<string> former, CancellationToken cancellationToken) =>
        _bootstrapper.RunAsync(nodes.Concat(former).Distinct(), nodes, cancellationToken);

    /// <summary>Queues a ping of a contact, which enters the table if it answers. Bounded and rate-limited.</summary>
    public void Consider(Contact contact) => _gate.Consider(contact);

    /// <summary>Pings an endpoint.</summary>
    public async Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        var startedAt = _time.GetTimestamp();
        var (id, failure) = await _queries.PingAsync(endpoint, cancellationToken);
        OnProbed(endpoint, id);
        return new PingResult(id, failure, _time.GetElapsedTime(startedAt));
    }

    /// <summary>Asks an endpoint at which address it sees this node.</summary>
    /// <returns>The address, or null without a response.</returns>
    public Task<UdpEndpoint?> StunAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default) =>
        _queries.StunAsync(endpoint, cancellationToken);

    /// <summary>Asks contacts at which address they see this node: all responses, as contacts may disagree or lie.</summary>
    /// <param name="contacts">How many to ask, the nearest first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contacts"/> is negative.</exception>
    public async Task<IReadOnlyList<VisibleAddress>> GetVisibleAddressesAsync(
        int contacts = 20, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contacts);
        var asked = Nearest(Id, contacts);
        var answers = await Task.WhenAll(asked.Select(c => StunAsync(c.Endpoint, cancellationToken)));
        return [.. asked.Zip(answers, (contact, seen) => new VisibleAddress(contact, seen))];
    }

    /// <summary>Finds the k contacts nearest to a target that answer (Kademlia §2.3).</summary>
    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        Lookups.RunAsync(target, LookupKind.Node, cancellationToken);

    /// <summary>The bits that the keys of one region of upkeep share; see <see cref="RepublishPolicy.GetRegionDepth"/>.</summary>
    internal int RegionDepth => RepublishPolicy.GetRegionDepth(_size.Estimate, _table.Snapshot, Options.Kademlia.BucketSize);

    /// <summary>An earlier lookup's outcome, judged by what is known of the network's size now.</summary>
    internal LookupOutcome CountCrowded(LookupOutcome outcome) => _size.CountCrowded(outcome);

    /// <summary>Learns of the network's size as by a lookup: simulated nodes have run for long.</summary>
    internal void LearnSize(NodeId target, IReadOnlyList<Contact> closest) => _size.Record(target, closest);

    /// <summary>
    /// The value of a key: the one held here if this node is among the k nearest and a trusted or private source stored it. Else it
    /// is the one that most holders agree on, as anybody can store here. Else it is the one held here. The nearest contact that lacks it gets a
    /// copy (Kademlia §2.3). It lives two hours at most, or 5 minutes if that contact is not one of the k nearest. Of signed items it is the one
    /// with the highest number, here or at any holder that answers (ADR 45).
    /// </summary>
    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default) => GetAsync(key, asksAll: false, cancellationToken);

    internal async Task<GetResult> GetAsync(NodeId key, bool asksAll, CancellationToken cancellationToken)
    {
        var held = await _store.GetAsync(key, _time.GetUtcNow(), cancellationToken);
        var own = FindOwnersItem(key, held);
        if (own is null
            && !asksAll
            && held is { Source: { IsTrusted: true } or { IsPrivate: true } }
            && RepublishPolicy.IsResponsible(key, _table.Snapshot, Options.Kademlia.BucketSize))
        {
            return new GetResult(held.Value, null) { Version = ValueVersion.Of(held.Version) };
        }

        // Newer nodes are nearer than this one, so a newer value is stored only on them.
        var result = await GetFromContactsAsync(key, asksAll, cancellationToken);
        if (own is not null && result.Lookup is { } lookup)
        {
            return await ChooseAsync(key, held!, own, result, lookup, cancellationToken);
        }

        return result.Found || held is null ? result : new GetResult(held.Value, result.Lookup);
    }

    // One without an owner is a value as any, as anybody can store it where the key is that of a text. Who keeps one has chosen it.
    private static CheckedItem? FindOwnersItem(NodeId key, StoredValue? held) =>
        CheckedItem.OfChecked(key, held?.Value) is { } item && (item.Item.IsMutable || held!.IsKept) ? item : null;

    // The newer one is stored here, as on any other holder of an older.
    private async Task<GetResult> ChooseAsync(
        NodeId key, StoredValue held, CheckedItem own, GetResult found, LookupOutcome lookup, CancellationToken cancellationToken)
    {
        if (ItemOrder.Newest.Compare(lookup.Item, own) <= 0)
        {
            return new GetResult(held.Value, lookup);
        }

        await HoldAsync(key, held, lookup, cancellationToken);
        return found;
    }

    /// <summary>
    /// Asks contacts for an item newer than the one that is held, to hold that in its place. Null if there is none; else what the store made of it,
    /// which is <see cref="StoreResult.StorageFailed"/> also if it threw, and <see cref="StoreResult.Superseded"/> if another one is held by now, or
    /// none.
    /// </summary>
    internal async Task<StoreResult?> AdoptNewerAsync(
        NodeId key, StoredValue held, IReadOnlyList<Contact> contacts, CancellationToken cancellationToken)
    {
        var found = await Lookups.AskHoldersAsync(key, contacts, cancellationToken);
        if (ItemOrder.Newest.Compare(found.Item, CheckedItem.OfChecked(key, held.Value)) <= 0)
        {
            return null;
        }

        try
        {
            var result = await HoldAsync(key, held, found, cancellationToken);
            if (result == StoreResult.Stored)
            {
                Watches.Post(key, KeyNotice.Changed);
            }

            return result;
        }
        catch (KeyStoreException)
        {
            return StoreResult.StorageFailed;
        }
    }

    // The contacts were asked for seconds, and not in the key's turn: what was deleted meanwhile does not come back.
    private async Task<StoreResult> HoldAsync(NodeId key, StoredValue held, LookupOutcome newer, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var copy = new StoredValue(newer.Value!.Value, now, now + RemainingLife.OfCopy(newer.ValueLife, belongs: true), held.Source);
        var terms = new PutTerms(PutKind.Copy) { Item = newer.Item, Condition = new PutCondition { Value = held.Value } };
        return await _store.PutAsync(key, copy, terms, cancellationToken);
    }

    /// <summary><see cref="GetAsync(NodeId, CancellationToken)"/> without the local store, for callers that have read it.</summary>
    public Task<GetResult> GetFromContactsAsync(NodeId key, CancellationToken cancellationToken = default) =>
        GetFromContactsAsync(key, asksAll: false, cancellationToken);

    private async Task<GetResult> GetFromContactsAsync(NodeId key, bool asksAll, CancellationToken cancellationToken)
    {
        using var watch = Turns.Watch(key);
        var since = _time.GetUtcNow();
        var outcome = asksAll
            ? await Lookups.AskAllHoldersAsync(key, cancellationToken)
            : await Lookups.RunAsync(key, LookupKind.Value, cancellationToken);
        if (outcome is { Value: { } value, CacheAt: { } contact })
        {
            // Not awaited: its outcome changes nothing here. It has joined the key's turns when it returns.
            _ = _copies.SendFoundAsync(key, value, RemainingLife.OfCopy(outcome.ValueLife, outcome.CacheBelongs), contact, watch, since);
        }

        return new GetResult(outcome.Value, outcome);
    }

    /// <summary>Stores a value on the k nearest contacts, and here if this node is one of the k nearest.</summary>
    /// <exception cref="ArgumentException">The value can't be stored anywhere; nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">Cancelled: during the lookup, or with some copies stored.</exception>
    public Task<SetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default) =>
        SetAsync(key, value, life: null, cancellationToken);

    internal Task<SetResult> SetAsync(
        NodeId key, DhtValue value, TimeSpan? life, CancellationToken cancellationToken, long version = 0) =>
        Publisher.SetAsync(key, value, life, keepsCopy: !Options.ClientOnly, version, cancellationToken);

    /// <summary><see cref="SetAsync(NodeId, DhtValue, CancellationToken)"/> without a copy here, for callers who hold one.</summary>
    /// <exception cref="ArgumentException">The value can't be stored anywhere; nothing was sent.</exception>
    /// <exception cref="DhtUnavailableException">Too many calls wait for the key; nothing was sent.</exception>
    public Task<SetResult> SetOnContactsAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default) =>
        SetOnContactsAsync(key, value, life: null, cancellationToken);

    // In the key's turn, so that it arrives after what this node's own upkeep has begun to send. The lookup is not: a caller waits.
    internal async Task<SetResult> SetOnContactsAsync(NodeId key, DhtValue value, TimeSpan? life, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var holders = await Publisher.FindHoldersAsync(key, cancellationToken);
        return await Turns.TryRunAsync(
            key,
            () => Publisher.SendAsync(key, SentValue.OfWrite(value, life), holders, cancellationToken),
            cancellationToken);
    }

    /// <summary>
    /// Sends a value that the store holds to the k nearest contacts, unless another one is held when the key's turn has come. Null is a full life.
    /// </summary>
    internal async Task<SetResult> SpreadAsync(NodeId key, DhtValue value, TimeSpan? life, CancellationToken cancellationToken)
    {
        var holders = await Publisher.FindHoldersAsync(key, cancellationToken);
        return await Turns.TryRunAsync(
            key,
            () => Publisher.SpreadAsync(key, value, life, holders, cancellationToken),
            static () => new SetResult { Local = StoreResult.Busy },
            cancellationToken);
    }

    internal async Task<IReadOnlyList<KeyHolder>> AskHoldersAsync(NodeId key, CancellationToken cancellationToken)
    {
        var nearest = (await FindNodeAsync(key, cancellationToken)).Closest;
        var holders = await Task.WhenAll(nearest.Select(contact => _queries.FindValueAsync(contact, key, cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        return holders;
    }

    /// <summary>Learns at which endpoints others see this node. Returns the time until the next check.</summary>
    internal Task<TimeSpan> CheckOwnEndpointsAsync(CancellationToken cancellationToken) => _ownCheck.CheckAsync(cancellationToken);

    /// <summary>Prepares a crawl of the network under this node's id. It starts from the nodes that this one knows, and changes none of them.</summary>
    internal CrawlRun PrepareCrawl(CrawlOptions options, int perSecond)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perSecond, CrawlOptions.HighestRate);
        return new CrawlRun(this, options, perSecond, _requests, _environment);
    }

    /// <summary>The nearest known contacts, nearest first, from the table alone.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public IReadOnlyList<Contact> Nearest(NodeId target, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var contacts = new Contact[count];
        return contacts[.._table.Snapshot.FindClosest(target, contacts)];
    }

    /// <inheritdoc/>
    /// <param name="datagram"/>
    /// <param name="source"/>
    /// <param name="route">The route of responses to it, now and later. Null: the transport itself.</param>
    /// <param name="age"/>
    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute? route = null, TimeSpan age = default)
    {
        Lag.Record(age);
        if (_bans.Set.Contains(source))
        {
            Metrics.Refused(RefusalReason.Banned);
        }
        else if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            Metrics.Refused(RefusalReason.Malformed);
        }
        else if (kind != DatagramKind.Request)
        {
            if (!_requests.Complete(id, body, source))
            {
                OnUnknownResponse(id, body, source);
            }
        }
        else if (_stopping.IsCancellationRequested)
        {
            Metrics.Refused(RefusalReason.Stopping);
        }
        else
        {
            _admission.Receive(id, body, datagram.Length, source, route ?? _transport, age);
        }
    }

    /// <summary>Sends pending responses, cancels pending requests, and closes the transport. Every call waits for that.</summary>
    public ValueTask DisposeAsync() => new(_stop.RunAsync());

    private void OnContactAdded(Contact contact)
    {
        if (_bans.Set.Contains(contact))
        {
            // It waited for a place, or the table was not told yet.
            _table.Observe(ContactObservation.Dropped(contact));
        }
        else if (!Options.ClientOnly && !Siblings.Contains(contact.Id))
        {
            _handOff.Enqueue(contact);
        }
    }

    private void Proceed(PendingRequest request)
    {
        if (_stopping.IsCancellationRequested)
        {
            Metrics.Refused(request.Kind, RefusalReason.Stopping);
        }
        else
        {
            _admission.Proceed(request);
        }
    }

    private void GiveUp(PendingRequest request, RefusalReason reason)
    {
        try
        {
            _admission.GiveUp(request, reason);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Thrown on a timer's thread it would end the process.
            _logger.RequestFaulted(e);
        }
    }

    private async Task StopAsync()
    {
        var stop = new StopSteps();
        stop.Run(_stopping.Cancel);
        await stop.RunAsync(_handlers.DrainAsync);
        await stop.DisposeAsync(_transport);
        stop.Run(_prober.Dispose);
        stop.Run(_strangers.Dispose);
        stop.Run(_requests.Dispose);
        NodeGauges.NetworkSizes.Forget(_size);
        NodeGauges.Tables.Forget(_reachability);
        NodeGauges.Sweeps.Forget(Sweeps);
        await stop.RunAsync(() => _handOffLoop);
        stop.Run(_stopping.Dispose);
        stop.ThrowIfFailed();
    }

    /// <summary>A response without a pending request may answer the ping of a stranger.</summary>
    private void OnUnknownResponse(MessageId id, ReadOnlySpan<byte> body, UdpEndpoint source)
    {
        if (!_strangers.TryProve(id, source, out var roundTrip))
        {
            return;
        }

        _requests.Learn(source, roundTrip);
        _tokens.Learn(source, body, wasAsked: false);
        _reachability.Answered();
        if (ResponseReader.TryReadPong(body, out var sender) && !_bans.Set.Contains(sender))
        {
            var contact = new Contact(sender, source);
            _gate.Introduce(contact);
            ContactProved?.Invoke(contact);
        }
    }

    private void OnProbed(UdpEndpoint endpoint, NodeId? id)
    {
        if (id is { } known && known != Id && !_bans.Set.Contains(known) && !Own.IsBound(endpoint))
        {
            var contact = new Contact(known, endpoint);
            _table.Observe(ContactObservation.Answered(contact));
            ContactProved?.Invoke(contact);
        }
    }
}

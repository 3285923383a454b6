using KadOrleans.Core.Items;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Node;

/// <summary>A standalone node, whose state survives restarts. Disposing it saves the state, so use <c>await using</c>.</summary>
public sealed class KadNode : IDht, IDhtItems, IAsyncDisposable
{
    private readonly KadNodeOptions _options;
    private readonly IDatagramTransport _transport;
    private readonly IKeyStore _store;
    private readonly INodeStateStore _states;
    private readonly IPublicationStore _publications;
    private readonly OwnPublications _ownPublications;
    private readonly NodeEnvironment _environment;
    private readonly ExpiryTime? _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedStop _stop;
    private readonly TaskCompletionSource _completion = new();
    private readonly NetworkJoin _join;
    private readonly CancellationTokenSource _ending = new();
    private readonly KeyWatches _watches;
    private readonly NodeWatch _watch;
    private readonly NodeRuleBook _rules;
    private readonly NodeCrawls _crawls;
    private readonly IAsyncDisposable? _owner;
    private NodeParts? _parts;
    private bool _isStarted;
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins a node outside a host: choose transport and storage, then build.</summary>
    public static KadNodeBuilder CreateBuilder(Action<KadNodeOptions>? configure = null) =>
        new ServiceCollection().AddKadNode(configure);

    /// <summary>The node disposes the transport, the key store and then the owner. Stores not given are in memory.</summary>
    internal KadNode(
        KadNodeOptions options,
        IDatagramTransport transport,
        IKeyStore store,
        INodeStateStore states,
        NodeEnvironment? environment = null,
        IPublicationStore? publications = null,
        IManagementStore? management = null,
        ICrawlStore? crawls = null,
        IAsyncDisposable? owner = null,
        IClockStore? clocks = null)
    {
        if (KadNodeOptionsValidator.FindProblems(options) is [var problem, ..])
        {
            throw new ArgumentException(problem, nameof(options));
        }

        (_options, _transport, _store, _states, _owner) = (options, transport, store, states, owner);
        _join = new NetworkJoin(options);
        _stop = new SharedStop(StopAsync);
        _publications = publications ?? new InMemoryPublicationStore(options.MaxPublications);
        environment ??= new NodeEnvironment();
        _logger = environment.LoggerFactory.CreateLogger<KadNode>();
        if (!options.TrustClock)
        {
            var boot = environment.Boot ?? (ReferenceEquals(environment.Time, TimeProvider.System) ? BootTime.Read : null);
            var clock = _clock = new ExpiryTime(environment.Time, _logger, boot, clocks?.Load());
            clocks?.Use(() => clock.Record);
        }
        else
        {
            // What an earlier run knew is of a clock that this one does not judge.
            clocks?.Use(static () => ClockRecord.Unknown);
        }

        _environment = environment with { Time = _clock ?? environment.Time };
        _ownPublications = new OwnPublications(_publications, _store, _environment.Time, _logger);
        _watches = new KeyWatches(_ending.Token);
        _watch = new NodeWatch(_watches, _store, _publications, _environment.Time);
        management ??= new InMemoryManagementStore();
        _rules = new NodeRuleBook(() => Engine, management, _environment.Time);
        _crawls = new NodeCrawls(() => Engine, crawls ?? new InMemoryCrawlStore(), _environment);
        Admin = new NodeAdmin(() => Parts, _store, _publications, _rules, management, _watches, _crawls, _environment.Time);
    }

    /// <summary>A simulation starts with full tables.</summary>
    internal Func<NodeId, LocalRoutingTable>? CreateTable { get; init; }

    /// <summary>The node's id, known once it has started.</summary>
    public NodeId Id => Engine.Id;

    /// <summary>The bound endpoints, with the real ports.</summary>
    public IReadOnlyList<UdpEndpoint> LocalEndpoints => _transport.LocalEndpoints;

    /// <summary>The contacts it knows now.</summary>
    public RoutingTableSnapshot RoutingTable => Engine.RoutingTable;

    /// <summary>The engine, for callers who need more than the members here.</summary>
    public DhtNode Engine => Parts.Engine;

    /// <summary>Looks into the node and changes what it holds, once it has started.</summary>
    public IDhtAdmin Admin { get; }

    /// <summary>Why the node can store nothing now, in one sentence for its operator; null while it can.</summary>
    public string? StorageProblem => _store.Problem;

    /// <summary>
    /// Completes when the node has stopped. Maintenance that fails is logged and tried again, which ends nothing; but if the log throws, so that
    /// nobody would learn of failures, maintenance has ended and this fails with what the log threw: then stop the node.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>Loads the state, begins to answer, and has saved contacts verified, without <see cref="JoinAsync"/>.</summary>
    /// <exception cref="KeyStoreException">The storage is broken, has another id, or is empty and cannot be written.</exception>
    /// <exception cref="InvalidOperationException">It was started before. After a failed start build a new node; this one counts as not started.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        if (_parts is not null)
        {
            throw new InvalidOperationException("The node was started before; if that failed, build a new one.");
        }

        var saved = await _states.LoadAsync(cancellationToken);
        var id = ChooseId(saved);
        IReadOnlyList<Contact> contacts = saved?.Contacts ?? [];
        var (_, node, saver, _, maintenance) = _parts = Build(id, saved);
        if (saved?.Id == id)
        {
            // On a full disk it still serves what it holds.
            await TrySaveStateAsync(saver, cancellationToken);
        }
        else
        {
            await saver.SaveAsync(cancellationToken);
        }

        await _rules.LoadAsync(node, cancellationToken);
        var usage = await _store.GetUsageAsync(cancellationToken);
        node.Start();
        _isStarted = true;
        NodeGauges.Stores.Watch(_store);
        NodeGauges.Clocks.Watch(_clock);
        foreach (var contact in contacts)
        {
            node.Consider(contact);
        }

        _logger.NodeStarted(id, contacts.Count, usage.Keys);
        if (contacts.Count == 0)
        {
            _join.CompleteIfFirst();
        }

        if (_store is InMemoryKeyStore && !_options.ClientOnly)
        {
            _logger.ValuesInMemory();
        }

        _loop = MaintainAsync(maintenance);
        if (!_options.ClientOnly)
        {
            await maintenance.Walks.StartAsync();
        }
    }

    private NodeId ChooseId(NodeState? saved)
    {
        if (_options.ClientOnly)
        {
            return DhtNode.ClientId;
        }

        if (_options.Id is null)
        {
            return saved?.Id ?? NodeId.Random(_environment.Random);
        }

        var id = NodeId.Parse(_options.Id);
        return saved is null || saved.Id == id
            ? id
            : throw new KeyStoreException(
                $"Id (--id) is {id}, but the stored state belongs to {saved.Id}: leave it out, or use other storage (--data).");
    }

    private NodeParts Build(NodeId id, NodeState? saved)
    {
        var diversity = new SubnetDiversity(_options.Subnets, AddressRangeSet.Parse(_options.Trust));
        // After a restart all buckets are due at the first check.
        var lastLookup = _environment.Time.GetUtcNow() - (saved is not { Contacts.Count: > 0 } ? TimeSpan.Zero : _options.Kademlia.BucketRefreshInterval);
        var table = CreateTable?.Invoke(id) ?? new LocalRoutingTable(id, _options.Kademlia, diversity, _environment.Time, lastLookup);
        if (saved is not null)
        {
            table.AddFormer(saved);
        }

        var node = new DhtNode(_options, _transport, table, _store, _environment, _watches);
        var saver = new StateSaver(node, table, _states, saved, _options, () => _store.Problem is not null, _environment);
        var refresh = new RefreshPolicy(id, _options.Kademlia.BucketRefreshInterval);
        var schedule = new LocalMaintenanceSchedule(table, refresh, () => _join.IsOutside, _environment.Time, _clock);
        var lost = new LostValues(node, _store, _publications, _environment);
        var maintenance = new MaintenanceRunner(node, _store, _publications, schedule, JoinAsync, _environment)
        {
            OtherJobs =
            [
                new(nameof(StateSaver), saver.CheckAsync),
                MaintenanceJob.Once(nameof(LostValues), lost.RunAsync),
            ],
        };
        return new NodeParts(table, node, saver, refresh, maintenance);
    }

    /// <summary>Joins through bootstrap nodes and saved contacts, then refreshes the far buckets (Kademlia §2.3).</summary>
    public async Task<BootstrapResult> JoinAsync(CancellationToken cancellationToken = default)
    {
        var result = await _join.RunAsync(Engine, Parts.Saver, Parts.Maintenance, cancellationToken);
        if (_join.IsOutside)
        {
            _logger.NotJoined();
        }

        return result;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The node was built outside a host, and has not been started: nobody else would start it.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        if (_owner is not null)
        {
            _ = Parts;
        }

        await HostWait.RunAsync(_join.Completion.WaitAsync, _ending.Token, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default) => GetAsync(key, asksAll: false, cancellationToken);

    /// <inheritdoc/>
    Task<GetResult> IDhtItems.GetFromAllAsync(NodeId key, CancellationToken cancellationToken) =>
        GetAsync(key, asksAll: true, cancellationToken);

    private Task<GetResult> GetAsync(NodeId key, bool asksAll, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        var found = await FindAsync(key, asksAll, cancellationToken);
        return _options.ClientOnly || found.Value is not { } value ? found
            : await _ownPublications.FindVersionAsync(key, value, cancellationToken) is { IsNothing: false } version ? found with { Version = version }
            : found;
    });

    private async Task<GetResult> FindAsync(NodeId key, bool asksAll, CancellationToken cancellationToken)
    {
        var publication = await _publications.GetAsync(key, cancellationToken);
        var pending = publication is { IsPending: true } ? publication.Value : default;
        if (pending.Kind != DhtValueKind.None
            && !asksAll
            && !ItemEnvelope.IsItemLike(pending)
            && CheckedItem.OfChecked(key, (await _store.GetAsync(key, _environment.Time.GetUtcNow(), cancellationToken))?.Value) is null)
        {
            return new GetResult(pending, null) { Version = ValueVersion.Of(publication!.Version) };
        }

        // An item that is to be sent may be older than what others have.
        var found = _watch.Learn(key, await Engine.GetAsync(key, asksAll, cancellationToken));
        return CheckedItem.OfChecked(key, pending) is { } own
            && ItemOrder.Newest.Compare(own, CheckedItem.OfChecked(key, found.Value)) > 0
            ? new GetResult(pending, found.Lookup)
            : found;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// It remembers the publication first: a node that is killed sends it after its next start. With <see cref="SetAcknowledgement.Network"/> it then
    /// stores a copy if it is one of the k nearest, and forgets the publication again if nobody has a copy. <see cref="KadNodeOptions.MaxPublications"/> bounds what it remembers.
    /// </remarks>
    public Task<SetResult> SetAsync(
        NodeId key, DhtValue value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default) => RunAsync(async () =>
    {
        StoreRules.ThrowIfUnknown(acknowledgement);
        if (await IsInvalidItemAsync(key, value))
        {
            return new SetResult { Local = StoreResult.InvalidItem };
        }

        var result = _options.ClientOnly ? await Engine.SetAsync(key, value, cancellationToken)
            : acknowledgement == SetAcknowledgement.Durable
                ? await _ownPublications.SetSoonAsync(Parts.Maintenance, key, value, cancellationToken)
                : await _ownPublications.SetAsync(Engine, key, value, cancellationToken);
        return await LearnAsync(key, value, result, cancellationToken);
    });

    // For watches, and for whoever was refused.
    private async Task<SetResult> LearnAsync(NodeId key, DhtValue value, SetResult result, CancellationToken cancellationToken) =>
        _watch.Learn(key, value, await _ownPublications.NameHeldAsync(key, result, cancellationToken));

    /// <inheritdoc/>
    public Task<SetResult> SetAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default) => RunAsync(async () =>
    {
        StoreRules.ThrowIfRefused(value);
        StoreRules.ThrowIfNoLife(life);
        if (await IsInvalidItemAsync(key, value))
        {
            return new SetResult { Local = StoreResult.InvalidItem };
        }

        var result = _options.ClientOnly
            ? await Engine.SetAsync(key, value, life, cancellationToken)
            : await _ownPublications.SetForAsync(Engine, key, value, life, cancellationToken);
        return await LearnAsync(key, value, result, cancellationToken);
    });

    /// <inheritdoc/>
    /// <remarks>A client-only node holds nothing: there the version is compared by a lookup before.</remarks>
    public Task<SetResult> SetIfAsync(
        NodeId key,
        DhtValue value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default) => RunAsync(async () =>
    {
        StoreRules.ThrowIfRefused(value);
        StoreRules.ThrowIfNoSuchSet(acknowledgement, life);
        if (await IsInvalidItemAsync(key, value))
        {
            return new SetResult { Local = StoreResult.InvalidItem };
        }

        if (!_options.ClientOnly)
        {
            var result = await _ownPublications.SetIfAsync(
                Engine,
                Parts.Maintenance,
                key,
                value,
                () => GetAsync(key, asksAll: false, cancellationToken),
                new PutTerms(life is null ? PutKind.Publication : PutKind.WithLife) { IsWrite = true, CallId = CallIds.Of(callId, value) },
                expected,
                life,
                acknowledgement == SetAcknowledgement.Durable,
                cancellationToken);
            return await LearnAsync(key, value, result, cancellationToken);
        }

        return (await GetAsync(key, cancellationToken)).Version == expected
            ? _watch.Learn(key, value, await Engine.SetAsync(key, value, life, cancellationToken))
            : new SetResult { Local = callId == 0 ? StoreResult.Superseded : StoreResult.Unknown };
    });

    /// <inheritdoc/>
    public Task<DeleteResult> DeleteIfAsync(
        NodeId key, ValueVersion expected, long callId = 0, CancellationToken cancellationToken = default) => RunAsync(async () =>
    {
        if (_options.ClientOnly || expected.Number == 0)
        {
            return DeleteResult.Superseded;
        }

        var result = await _ownPublications.DeleteIfAsync(
            Engine, key, () => GetAsync(key, asksAll: false, cancellationToken), expected.Number, callId, cancellationToken);
        if (result == DeleteResult.Deleted)
        {
            _watches.Post(key, KeyNotice.Of(null));
        }

        return result;
    });

    // The network refuses such a value. Nothing of it is remembered or sent.
    private async ValueTask<bool> IsInvalidItemAsync(NodeId key, DhtValue value) =>
        ItemEnvelope.IsItemLike(value) && (await Engine.Checks.CheckAsync(key, value, SourceNetwork.Trusted)).Item is null;

    /// <inheritdoc/>
    Task<SetResult> IDhtItems.KeepAsync(NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken) => RunAsync(async () =>
        _options.ClientOnly
            ? throw new DhtUnavailableException("A client-only node has no storage, and keeps no items for their owners.")
            : await LearnAsync(key, item, await Parts.Maintenance.Kept.KeepAsync(Engine, _ownPublications, key, item, until, cancellationToken), cancellationToken));

    /// <inheritdoc/>
    public Task<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default) => RunAsync(async () =>
    {
        var wasPublished = await _ownPublications.UnpublishAsync(Engine, key, cancellationToken);
        return await Parts.Maintenance.Kept.EndAsync(key, cancellationToken) || wasPublished;
    });

    /// <inheritdoc/>
    public IAsyncEnumerable<KeyChange> WatchAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        ThrowIfStopped();
        return _watch.RunAsync(key, () => GetAsync(key, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        RunAsync(() => Engine.FindNodeAsync(target, cancellationToken));

    /// <inheritdoc/>
    public Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default) => RunAsync(async () =>
    {
        endpoint.ThrowIfNotUnicast();
        return await Engine.PingAsync(endpoint, cancellationToken);
    });

    /// <inheritdoc/>
    public Task<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default) => RunAsync(() => Task.FromResult(
        new DhtStatus(
        [
            new DhtNodeStatus(string.Empty, [Id], LocalEndpoints, RoutingTable.Count, Engine.Counts)
            {
                NetworkSize = Engine.NetworkSize?.Nodes,
                IsFirst = !_options.ClientOnly && Engine.IsFirst,
                Sweep = Engine.Sweeps.Read(),
            },
        ])));

    /// <summary>Joins through other nodes, given as HOST:PORT, this once; <see cref="JoinAsync"/> uses the configured.</summary>
    /// <returns>The result for each node, and for the lookup of the own id that followed.</returns>
    public async Task<BootstrapResult> BootstrapAsync(IEnumerable<string> nodes, CancellationToken cancellationToken = default) =>
        await _join.RunOnceAsync(Engine, nodes, cancellationToken);

    /// <inheritdoc cref="DhtNode.GetVisibleAddressesAsync"/>
    public Task<IReadOnlyList<VisibleAddress>> GetVisibleAddressesAsync(
        int contacts = 20, CancellationToken cancellationToken = default) =>
        Engine.GetVisibleAddressesAsync(contacts, cancellationToken);

    /// <summary>The contacts nearest to this node, nearest first, from which another run can bootstrap.</summary>
    public IReadOnlyList<Contact> GetBootstrappableNeighbors() => Engine.Nearest(Id, _options.Kademlia.BucketSize);

    /// <summary>Refreshes the table by random walks: asked for, or by itself. Starts and stops with the node.</summary>
    public RoutingTableRefreshManager RefreshManager => Parts.Maintenance.Walks;

    /// <summary>Looks up a random id in every bucket without a lookup for <see cref="KademliaOptions.BucketRefreshInterval"/> (Kademlia §2.3).</summary>
    public Task RefreshAsync(CancellationToken cancellationToken = default) =>
        Parts.Maintenance.RefreshBucketsAsync(Parts.Refresh.GetDueBuckets(Parts.Table.Describe(), _environment.Time.GetUtcNow()), cancellationToken);

    /// <summary>The id and contacts that were saved last; null if nothing was.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    internal async Task<NodeState?> LoadStateAsync(CancellationToken cancellationToken = default) =>
        await _states.LoadAsync(cancellationToken);

    /// <summary>Saves the id and contacts now, beside the times when the node does so itself.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public Task SaveStateAsync(CancellationToken cancellationToken = default) => Parts.Saver.SaveAsync(cancellationToken);

    /// <summary>Describes the node: its buckets, what it holds, its clock and its counters.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    internal async Task<NodeStatus> DescribeAsync(CancellationToken cancellationToken = default)
    {
        var usage = await _store.GetUsageAsync(cancellationToken);
        return new NodeStatus(Id, LocalEndpoints, Parts.Table.Describe(), usage, Engine.Counts)
        {
            NetworkSize = Engine.NetworkSize,
            StorageProblem = StorageProblem,
            Clock = _clock?.Status ?? new ClockStatus(true, TimeSpan.Zero),
            Turnover = _store.Turnover,
            TopChanges = _store.GetTopChanges(10),
        };
    }

    /// <summary>
    /// Saves the state, sends pending responses, and cancels pending requests. Every call waits for that. What fails is thrown when all else
    /// has been stopped and the storage is closed.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        var stop = new StopSteps();
        await stop.RunAsync(_stop.RunAsync);
        await stop.DisposeAsync(_owner);
        stop.ThrowIfFailed();
    }

    /// <summary>Ends watches, and waits for the node to have joined: its host stops, and may do so only when its program goes on.</summary>
    internal void EndWaits() => _ending.Cancel();

    private NodeParts Parts => _isStarted
        ? _parts!
        : throw new InvalidOperationException("The node has not been started: start its host, or call StartAsync, first.");

    /// <summary>Makes a call of <see cref="IDht"/>, unless the node does not run.</summary>
    /// <exception cref="InvalidOperationException">It has not been started; nothing was done.</exception>
    /// <exception cref="ObjectDisposedException">It has stopped; nothing was done.</exception>
    /// <exception cref="DhtUnavailableException">It stopped during the call.</exception>
    private async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        ThrowIfStopped();
        _ = Parts;
        try
        {
            return await call();
        }
        catch (ObjectDisposedException e) when (_stopping.IsCancellationRequested)
        {
            throw new DhtUnavailableException("The node stopped during the call.", e);
        }
    }

    private void ThrowIfStopped()
    {
        if (_stopping.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(KadNode), "The node has stopped: nothing was done.");
        }
    }

    private async Task StopAsync()
    {
        var stop = new StopSteps();
        stop.Run(_stopping.Cancel);
        stop.Run(EndWaits);
        await stop.RunAsync(() => _loop);
        await stop.DisposeAsync(_crawls);
        if (_parts is not var (_, node, saver, _, maintenance))
        {
            await stop.DisposeAsync(_transport);
        }
        else
        {
            await stop.DisposeAsync(maintenance.Walks);
            await stop.RunAsync(() => TrySaveStateAsync(saver, CancellationToken.None));
            await stop.DisposeAsync(node);
            _logger.NodeStopped(node.Id);
        }

        NodeGauges.Stores.Forget(_store);
        NodeGauges.Clocks.Forget(_clock);
        await stop.DisposeAsync(_store);
        stop.Run(_rules.Dispose);
        stop.Run(_stopping.Dispose);
        _completion.TrySetResult();
        stop.ThrowIfFailed();
    }

    private async Task TrySaveStateAsync(StateSaver saver, CancellationToken cancellationToken)
    {
        try
        {
            await saver.SaveAsync(cancellationToken);
        }
        catch (Exception e) when (e is KeyStoreException or ObjectDisposedException)
        {
            _logger.StateNotSaved(e);
        }
    }

    private async Task MaintainAsync(MaintenanceRunner maintenance)
    {
        try
        {
            await maintenance.RunAsync(_stopping.Token);
        }
        catch (Exception e)
        {
            // After the start, which has succeeded.
            await Task.Yield();
            _completion.TrySetException(e);
        }
    }
}

internal sealed record NodeParts(LocalRoutingTable Table, DhtNode Engine, StateSaver Saver, RefreshPolicy Refresh, MaintenanceRunner Maintenance);

/// <summary>A stop that runs once, however many callers await it.</summary>
internal sealed class SharedStop(Func<Task> stop)
{
    // A caller may be inside the stop, as a continuation of a request it cancelled: so no lock, and continuations run at once.
    private readonly TaskCompletionSource _ended = new();
    private int _begun;

    public Task RunAsync()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _ = RunOnceAsync();
        }

        return _ended.Task;
    }

    private async Task RunOnceAsync()
    {
        var stopping = stop();
        await stopping.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        _ended.SetFromTask(stopping);
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Clocks;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Hosting;
using KadOrleans.Node.Joining;
using KadOrleans.Node.Local;
using KadOrleans.Node.Maintenance;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node;

/// <summary>
/// A standalone node: the engine with its routing table in this process, its own maintenance, and a state that
/// survives restarts. <c>await using</c> it: stopping saves the state.
/// </summary>
public sealed partial class KadNode : IAsyncDisposable
{
    private readonly KadNodeOptions _options;
    private readonly IDatagramTransport _transport;
    private readonly IKeyStore _store;
    private readonly INodeStateStore _states;
    private readonly IPublicationStore _publications;
    private readonly NodeEnvironment _environment;
    private readonly ExpiryTime? _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedStop _stop;
    private readonly TaskCompletionSource _completion = new();
    private LocalRoutingTable? _table;
    private DhtNode? _node;
    private StateSaver? _saver;
    private MaintenanceRunner? _maintenance;
    private RoutingTableRefreshManager? _walks;
    private RefreshPolicy? _refresh;

    // Whether none of the configured bootstrap nodes answered when they were asked last, this node itself apart.
    private volatile bool _isOutside;
    private Task _loops = Task.CompletedTask;

    /// <summary>Puts a node together from its parts, which it owns from now on and disposes when it stops.</summary>
    /// <param name="options">Its behaviour.</param>
    /// <param name="transport">Sends and receives.</param>
    /// <param name="store">Holds keys.</param>
    /// <param name="states">Holds the id and contacts between runs.</param>
    /// <param name="environment">Time, randomness, logging; default: the system's.</param>
    /// <param name="publications">Remembers what is published; default: in memory, for this run.</param>
    /// <exception cref="ArgumentException">An option is out of its bounds; the message names it.</exception>
    public KadNode(
        KadNodeOptions options,
        IDatagramTransport transport,
        IKeyStore store,
        INodeStateStore states,
        NodeEnvironment? environment = null,
        IPublicationStore? publications = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (KadNodeOptionsValidator.FindProblems(options) is [var problem, ..])
        {
            throw new ArgumentException(problem, nameof(options));
        }

        (_options, _transport, _store, _states) = (options, transport, store, states);
        _stop = new SharedStop(StopAsync);
        _publications = publications ?? new InMemoryPublicationStore(options.MaxPublications);
        environment ??= new NodeEnvironment();
        _logger = environment.LoggerFactory.CreateLogger<KadNode>();
        _clock = options.TrustClock ? null : new ExpiryTime(environment.Time, _logger);
        _environment = environment with { Time = _clock ?? environment.Time };
    }

    /// <summary>Makes the table of a node with this id in place of an empty one: a simulation starts with full tables.</summary>
    internal Func<NodeId, LocalRoutingTable>? CreateTable { get; init; }

    /// <summary>The node's id, known once it has started.</summary>
    public NodeId Id => Engine.Id;

    /// <summary>What the node is bound to, with the real ports.</summary>
    public IReadOnlyList<UdpEndpoint> LocalEndpoints => _transport.LocalEndpoints;

    /// <summary>The contacts it knows now.</summary>
    public RoutingTableSnapshot RoutingTable => Engine.RoutingTable;

    /// <summary>The engine, for callers who need more than the members here.</summary>
    public DhtNode Engine => _node ?? throw new InvalidOperationException("The node has not been started.");

    /// <summary>Why the node can store nothing now, in one sentence for its operator; null while it can.</summary>
    public string? StorageProblem => _store.Problem;

    /// <summary>
    /// Completes when the node has stopped, and fails at once if it can no longer maintain itself or save its state, which
    /// is a bug. It goes on answering then; whoever runs it should stop it.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>
    /// Loads the state, begins to answer and to maintain itself, and has the saved contacts verified. Does not wait
    /// for the network: see <see cref="JoinAsync"/>.
    /// </summary>
    /// <exception cref="KeyStoreException">
    /// The storage is broken, holds the state of another id, or takes none where there is none yet.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_node is not null)
        {
            throw new InvalidOperationException("The node has been started already.");
        }

        var saved = await _states.LoadAsync(cancellationToken);
        var id = ChooseId(saved);
        IReadOnlyList<Contact> contacts = saved?.Contacts ?? [];
        var diversity = new SubnetDiversity(_options.Subnets, AddressRangeSet.Parse(_options.Trust));
        _table = CreateTable?.Invoke(id)
            ?? new LocalRoutingTable(id, _options.Kademlia, diversity, _environment.Time, FirstLookup(contacts));
        _node = new DhtNode(_options, _transport, _table, _store, _environment);
        _saver = new StateSaver(_node, _states, _options, () => _store.Problem is not null, _environment);
        _saver.Begin(saved);
        if (saved?.Id == id)
        {
            // On a full disk it still serves what it holds.
            await TrySaveStateAsync(cancellationToken);
        }
        else
        {
            await _saver.SaveAsync(cancellationToken);
        }

        _node.Start();
        ValueGauges.Watch(_store);
        if (_clock is not null)
        {
            ClockGauge.Watch(_clock);
        }

        foreach (var contact in contacts)
        {
            _node.Consider(contact);
        }

        var usage = await _store.GetUsageAsync(cancellationToken);
        _logger.NodeStarted(id, contacts.Count, usage.Keys);
        _refresh = new RefreshPolicy(id, _options.Kademlia.BucketRefreshInterval);
        _walks = new RoutingTableRefreshManager(
            _node, new RandomWalk(_node, _options.RandomWalk, _environment), _options.RandomWalk, _environment);
        _maintenance = new MaintenanceRunner(
            _node,
            _store,
            _publications,
            new LocalMaintenanceSchedule(_table, _refresh, () => _isOutside, _environment.Time, _clock),
            _walks,
            JoinAsync,
            _environment);
        _loops = Task.WhenAll(
            UntilStoppedAsync(_maintenance.RunAsync),
            UntilStoppedAsync(_saver.RunAsync),
            UntilStoppedAsync(new LostValues(_node, _store, _publications, _environment).RunAsync));
        if (!_options.ClientOnly)
        {
            await _walks.StartAsync();
        }
    }

    /// <summary>
    /// Joins the network through the configured bootstrap nodes and the saved contacts, then refreshes the buckets further
    /// away than the nearest neighbour's (Kademlia §2.3).
    /// </summary>
    public async Task<BootstrapResult> JoinAsync(CancellationToken cancellationToken = default)
    {
        var saver = _saver ?? throw new InvalidOperationException("The node has not been started.");

        // Whom it met without them has been asked already, and may lie.
        var asksAgain = _isOutside && RoutingTable.Count > 0;
        var saved = asksAgain ? [] : saver.LastContacts.Take(_options.Kademlia.BucketSize).Select(c => c.Endpoint.ToString());
        var result = await Engine.BootstrapAsync(_options.Bootstrap.Concat(saved).Distinct(), cancellationToken);
        var others = result.Attempts.Where(attempt => _options.Bootstrap.Contains(attempt.Address) && !attempt.IsOwnId).ToList();
        _isOutside = others.Count > 0 && others.All(attempt => attempt.Id is null);
        if (asksAgain && _isOutside)
        {
            return result;
        }

        if (result.Joined == 0 && RoutingTable.Count > 0)
        {
            // Others than those asked are back: saved contacts, all of which are verified when the node starts.
            await Engine.FindNodeAsync(Id, cancellationToken);
        }

        if (!_options.ClientOnly)
        {
            await _maintenance!.RefreshAfterJoinAsync(cancellationToken);
        }

        if (result.Joined > 0)
        {
            await saver.SaveAsync(cancellationToken);
        }

        return result;
    }

    /// <summary>
    /// Stops and saves the state. Answers that are due are sent; requests of ours are given up. Every call completes when
    /// that is done.
    /// </summary>
    public ValueTask DisposeAsync() => new(_stop.RunAsync());

    private async Task StopAsync()
    {
        _stopping.Cancel();
        await _loops;
        if (_walks is not null)
        {
            await _walks.DisposeAsync();
        }

        if (_node is null)
        {
            await _transport.DisposeAsync();
        }
        else
        {
            await TrySaveStateAsync(CancellationToken.None);
            await _node.DisposeAsync();
            _logger.NodeStopped(_node.Id);
        }

        ValueGauges.Forget(_store);
        if (_clock is not null)
        {
            ClockGauge.Forget(_clock);
        }

        await _store.DisposeAsync();
        _stopping.Dispose();
        _completion.TrySetResult();
    }

    /// <summary>A node that comes back has looked nothing up while it was away: all its buckets are due at the first look.</summary>
    private DateTimeOffset FirstLookup(IReadOnlyList<Contact> saved)
    {
        var now = _environment.Time.GetUtcNow();
        return saved.Count == 0 ? now : now - _options.Kademlia.BucketRefreshInterval;
    }

    private async Task TrySaveStateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _saver!.SaveAsync(cancellationToken);
        }
        catch (Exception e) when (e is KeyStoreException or ObjectDisposedException)
        {
            _logger.StateNotSaved(e);
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
                $"The id {id} was asked for, but the stored state belongs to {saved.Id}: leave the id out, or use other storage.");
    }

    private async Task UntilStoppedAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The node stops.
        }
        catch (Exception e)
        {
            _completion.TrySetException(e);
        }
    }
}

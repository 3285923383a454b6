using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Estimation;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Handlers;
using KadOrleans.Node.Joining;
using KadOrleans.Node.Lookups;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Requests;
using KadOrleans.Node.Trust;
using KadOrleans.Node.Values;
using KadOrleans.Wire;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node;

/// <summary>
/// The engine: one node id behind four ports. It answers requests, runs lookups, and keeps the trust rules; it keeps
/// no time of its own and saves nothing. <see cref="KadNode"/> is the standalone node around it.
/// </summary>
public sealed partial class DhtNode : IDatagramReceiver, IRoutingTableListener, IRequestObserver, IHeldRequestHandler, IAsyncDisposable
{
    private readonly KadNodeOptions _options;
    private readonly IDatagramTransport _transport;
    private readonly IRoutingTable _table;
    private readonly IKeyStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NetworkSize _size;
    private readonly Reachability _reachability;
    private readonly NodeMetrics _metrics = new();
    private readonly VerifiedEndpoints _verified;
    private readonly Strangers _strangers;
    private readonly RequestTable _requests;
    private readonly EndpointQuestions _questions;
    private readonly Prober _prober;
    private readonly AnswerGate _gate;
    private readonly RequestDispatcher _dispatcher;
    private readonly LookupRunner _lookups;
    private readonly ValueStorer _storer;
    private readonly ValuePublisher _publisher;
    private readonly HandOff _handOff;
    private readonly Bootstrapper _bootstrapper;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedStop _stop;
    private Task _handOffLoop = Task.CompletedTask;

    /// <summary>
    /// The id under which clients ask, all bits 0. Python nodes make a contact of whoever asks and wait 5 s for it when
    /// it is gone: with one id for all clients there is never more than one such contact in a table.
    /// </summary>
    public static NodeId ClientId => NodeId.MinValue;

    /// <summary>Puts a node together; nothing is sent or received before <see cref="Start"/>.</summary>
    /// <param name="options">Its behaviour; validated by the caller.</param>
    /// <param name="transport">Sends and receives; the node disposes it.</param>
    /// <param name="table">Its routing table, whose own id is the node's.</param>
    /// <param name="store">Its keys; the caller disposes it, after the node.</param>
    /// <param name="environment">Time, randomness and logging.</param>
    public DhtNode(
        KadNodeOptions options,
        IDatagramTransport transport,
        IRoutingTable table,
        IKeyStore store,
        NodeEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(environment);
        (_options, _transport, _table, _store) = (options, transport, table, store);
        (_time, _logger) = (environment.Time, environment.LoggerFactory.CreateLogger<DhtNode>());
        _stop = new SharedStop(StopAsync);
        Id = table.Snapshot.OwnId;
        _size = new NetworkSize(options.ClientOnly ? null : Id, options.Kademlia.BucketSize);
        _reachability = new Reachability(table, _time);
        _verified = new VerifiedEndpoints(_time, new EndpointRates(options.Limits, options.Upload));
        var budget = new UploadBudget(options.Upload.Total, _time);
        _strangers = new Strangers(Id, new AddressProofs(environment.Random, _time), _verified, budget, this, _metrics, _time);
        _requests = new RequestTable(transport, _time, environment.Random, this);
        _questions = new EndpointQuestions(_requests, Id);
        var trusted = AddressRangeSet.Parse(options.Trust);
        _prober = new Prober(_requests, Id, trusted, _time, OnProbed);
        _gate = new AnswerGate(table, _strangers, _prober, budget, _metrics, _time, options.ClientOnly);
        _dispatcher = new RequestDispatcher(
            new RequestHandlers(Id, table, store, options.Kademlia, _time),
            new SourceAdmission(trusted, _verified, options.Limits, _time),
            _gate,
            budget,
            _metrics,
            options.ClientOnly,
            _time,
            _logger);
        _lookups = new LookupRunner(table, _requests, OnIdProved, options.Kademlia, trusted, _size, environment);
        _storer = new ValueStorer(_requests, Id);
        _publisher = new ValuePublisher(_lookups, _storer, store, Id, options, _time);
        _handOff = new HandOff(table, store, _storer, options.Kademlia, _time, _logger);
        _bootstrapper = new Bootstrapper(_questions, _lookups, environment.Resolver, table, _logger);
    }

    /// <summary>The node's id.</summary>
    public NodeId Id { get; }

    /// <summary>What the node is bound to, with the real ports.</summary>
    public IReadOnlyList<UdpEndpoint> LocalEndpoints => _transport.LocalEndpoints;

    /// <summary>The contacts it knows now.</summary>
    public RoutingTableSnapshot RoutingTable => _table.Snapshot;

    /// <summary>Counts since the start, by name.</summary>
    public IReadOnlyDictionary<string, long> Counts => _metrics.Totals();

    /// <summary>How many nodes the network has by its last lookups, or null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize => _size.Estimate;

    internal KademliaOptions Kademlia => _options.Kademlia;

    internal NodeMetrics Metrics => _metrics;

    /// <summary>Begins to receive. Called once.</summary>
    public void Start()
    {
        _table.Attach(this);
        NodeMetrics.Begin();
        NetworkSizeGauge.Watch(_size);
        TableGauges.Watch(_reachability);
        _handOffLoop = _handOff.RunAsync(_stopping.Token);
        _transport.Start(this);
    }

    /// <summary>Joins the network through other nodes, given as HOST:PORT or as saved contacts.</summary>
    /// <returns>What came of each, and of the lookup of the own id that followed.</returns>
    public Task<BootstrapResult> BootstrapAsync(IEnumerable<string> nodes, CancellationToken cancellationToken = default) =>
        _bootstrapper.RunAsync(nodes, cancellationToken);

    /// <summary>Has a contact pinged, to enter the table if it answers. Bounded and rate-limited.</summary>
    public void Consider(Contact contact) => _gate.Consider(contact);

    /// <summary>Asks an endpoint who it is.</summary>
    public async Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        var startedAt = _time.GetTimestamp();
        var (id, failure) = await _questions.PingAsync(endpoint, cancellationToken);
        OnProbed(endpoint, id);
        return new PingResult(id, failure, _time.GetElapsedTime(startedAt));
    }

    /// <summary>Asks an endpoint under which address it sees this node.</summary>
    /// <returns>The address, or null without an answer.</returns>
    public Task<UdpEndpoint?> StunAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default) =>
        _questions.StunAsync(endpoint, cancellationToken);

    /// <summary>
    /// Asks several contacts under which address they see this node. They may disagree, behind some routers and
    /// before liars: every answer is reported.
    /// </summary>
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
        _lookups.RunAsync(target, LookupKind.Node, cancellationToken);

    /// <summary>How the node was told to behave.</summary>
    internal KadNodeOptions Options => _options;

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
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out _))
        {
            _metrics.Refused(RefusalReason.Malformed);
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
            // Else a node under load would never get to the end of the answers that are due.
            _metrics.Refused(RefusalReason.Stopping);
        }
        else
        {
            _dispatcher.Dispatch(id, body, datagram.Length, source, route ?? _transport, age);
        }
    }

    /// <summary>
    /// Stops: waits for answers that are due, gives up what was asked, closes the transport. Every call completes when that
    /// is done.
    /// </summary>
    public ValueTask DisposeAsync() => new(_stop.RunAsync());

    private async Task StopAsync()
    {
        _stopping.Cancel();
        await _dispatcher.DrainAsync();
        await _transport.DisposeAsync();
        _prober.Dispose();
        _strangers.Dispose();
        _requests.Dispose();
        NetworkSizeGauge.Forget(_size);
        TableGauges.Forget(_reachability);
        await _handOffLoop;
        _stopping.Dispose();
    }
}

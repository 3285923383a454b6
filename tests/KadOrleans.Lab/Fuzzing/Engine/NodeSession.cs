using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>
/// One node from its start to its end, on virtual time. Strangers and contacts send it requests, and responses to its own requests, while
/// it runs lookups.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The end of the session disposes of the node and what it owns.")]
internal sealed class NodeSession : IFuzzTarget
{
    private const int MaxCalls = 6;

    /// <summary>More at once than may be held for an endpoint or stored by it.</summary>
    private const int MaxBurst = 20;

    /// <summary>Steps between looks at every stored value.</summary>
    private const int StoreCheckPeriod = 16;

    private static readonly StoreQuota Quota = new()
    {
        TotalKeys = 30,
        TotalBytes = 40_000,
        KeysPerSource = 6,
        BytesPerSource = 12_000,
    };

    /// <summary>By then every call has ended: each of its requests was sent and timed out.</summary>
    private static readonly TimeSpan CallPatience = TimeSpan.FromMinutes(30);

    /// <summary>By then all newcomers were offered values, and none took them.</summary>
    private static readonly TimeSpan HandOffPatience = TimeSpan.FromMinutes(20);

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private const int MaxBucketSize = 20;

    // The most that a node without contacts may send in Silence. It pings each of the k contacts saved last, with a retry, at one
    // or two checks.
    private const int RejoinDatagrams = 2 * 2 * MaxBucketSize;

    // The most that a node with contacts may: once a minute it pings one former contact, and at times it asks some where they see it, each
    // with a retry.
    private const int ContactDatagrams = 2 * (2 + OwnEndpointCheck.Witnesses);

    private readonly FailureLog _log = new();
    private readonly InMemoryKeyStore _store = new(Quota);
    private readonly List<Task> _calls = [];
    private readonly SimulatedWorld _world;
    private readonly TrafficLedger _ledger;
    private readonly KadNode _node;
    private readonly FuzzedPeers _peers;
    private FuzzRandom _random;
    private int _steps;

    public NodeSession(FuzzRandom random)
    {
        _random = random;
        _world = new SimulatedWorld(_random.Next(int.MaxValue));
        var id = NodeId.Random(_world.Random);
        _peers = new FuzzedPeers(id);
        var isClient = _random.Next(8) == 0;
        _ledger = new TrafficLedger(_world.Clock, isClient ? DhtNode.ClientId : id);
        _node = new KadNode(
            new KadNodeOptions
            {
                Id = id.ToString(),
                Quota = Quota,
                ClientOnly = isClient,

                // Small buckets, so that they are full, split and turn newcomers away.
                Kademlia = new KademliaOptions
                {
                    BucketSize = 4 + _random.Next(MaxBucketSize - 3),
                    BucketRefreshInterval = TimeSpan.FromDays(1),
                    RepublishInterval = TimeSpan.FromDays(1),
                },
            },
            new LedgerTransport(_ledger),
            _store,
            new InMemoryNodeStateStore(),
            _world.Environment with { LoggerFactory = _log });
        _world.Run(BeginAsync);
    }

    /// <summary>One datagram, and some lookups and stores of the node itself. Returns whether the datagram meant anything to it.</summary>
    public bool Run(ReadOnlySpan<byte> datagram)
    {
        var bytes = datagram.ToArray();
        return _world.Run(async () =>
        {
            AnswerSome();
            await CallSomethingAsync();
            if (_random.Next(24) == 0)
            {
                SendBurst();
            }

            var meant = Feed(bytes);
            await PassAsync(PickTime());
            await CheckAsync();
            return meant;
        });
    }

    /// <summary>Everybody falls silent: the node must come to rest, and stop.</summary>
    public void End() => _world.Run(async () =>
    {
        await Task.WhenAll(_calls).WaitAsync(CallPatience, _world.Clock);
        await _node.RefreshManager.StopAsync();
        await PassAsync(HandOffPatience);
        var sent = _ledger.Sent;
        await PassAsync(Silence);
        var allowed = _node.RoutingTable.Count == 0 ? RejoinDatagrams : ContactDatagrams;
        var more = _ledger.Sent - sent;
        Require(more <= allowed, $"the node goes on sending though nobody says anything: {more} datagrams with {_node.RoutingTable.Count} contacts");
        _ledger.Expire();
        Require(_ledger.Pending.Count <= allowed, "a request is neither answered nor given up");
        await CheckAsync();
        await StateInvariants.RequireWithinQuotaAsync(_store, Quota);
        await _node.DisposeAsync();
    });

    private async Task BeginAsync()
    {
        foreach (var contact in _peers.Contacts)
        {
            _ledger.Introduce(contact.Endpoint);
        }

        await _node.StartAsync();
        for (var i = 0; i < 8; i++)
        {
            _node.Engine.Consider(_peers.PickContact(ref _random));
        }
    }

    private async Task PassAsync(TimeSpan time)
    {
        await Task.Yield();
        if (time > TimeSpan.Zero)
        {
            await _world.PassAsync(time);
        }
    }

    private TimeSpan PickTime() => _random.Next(64) switch
    {
        0 => TimeSpan.FromSeconds(6),
        < 4 => TimeSpan.FromSeconds(1),
        < 16 => TimeSpan.FromMilliseconds(150),
        < 40 => TimeSpan.FromMilliseconds(10),
        _ => TimeSpan.Zero,
    };

    /// <summary>Contacts answer most of what the node asks, others little of it.</summary>
    private void AnswerSome()
    {
        for (var count = _random.Next(4); count > 0 && _ledger.Pending.Count > 0; count--)
        {
            var request = _ledger.Pending[_random.Next(_ledger.Pending.Count)];
            if (_random.Next(4) < (_peers.IsContact(request.Destination) ? 3 : 1))
            {
                Receive(_peers.Answer(request, ref _random), request.Destination);
            }
        }
    }

    /// <summary>One source asks much at once, all of it in good form: what the bounds are for.</summary>
    private void SendBurst()
    {
        var source = _peers.PickStranger(ref _random);
        var kind = (RequestKind)_random.Next(5);
        for (var count = 1 + _random.Next(MaxBurst); count > 0; count--)
        {
            Receive(FuzzedPeers.Ask(kind, ref _random), source);
        }
    }

    private async Task CallSomethingAsync()
    {
        foreach (var ended in _calls.Where(call => call.IsCompleted).ToList())
        {
            _calls.Remove(ended);
            await ended;
        }

        if (_calls.Count < MaxCalls && _random.Next(4) == 0)
        {
            _calls.Add(Call());
        }
    }

    private Task Call()
    {
        var key = NodeId.FromKey($"key {_random.Next(4)}");
        return _random.Next(6) switch
        {
            0 => _node.FindNodeAsync(key),
            1 => _node.GetAsync(key),
            2 => _node.SetAsync(key, DhtValue.FromBytes(new byte[_random.Next(StoreRules.MaxContentLength + 1)])),
            3 => _node.PingAsync(_peers.PickContact(ref _random).Endpoint),
            4 => _node.GetVisibleAddressesAsync(3),
            _ => _node.BootstrapAsync([_peers.PickContact(ref _random).Endpoint.ToString()]),
        };
    }

    /// <summary>As the stranger's or contact's own datagram, or as an answer to what the node asks.</summary>
    private bool Feed(byte[] datagram)
    {
        var role = _random.Next(8);
        if (role < 4 && _ledger.Pending.Count > 0 && datagram.Length >= Datagram.HeaderLength)
        {
            var request = _ledger.Pending[_random.Next(_ledger.Pending.Count)];
            datagram[0] = (byte)DatagramKind.Response;
            request.Id.CopyTo(datagram.AsSpan(1));
            return Receive(datagram, role == 0 ? _peers.PickStranger(ref _random) : request.Destination);
        }

        if (role == 4 && datagram.Length > 0)
        {
            datagram[0] = (byte)DatagramKind.Request;
        }

        return Receive(
            datagram, _random.Next(3) == 0 ? _peers.PickContact(ref _random).Endpoint : _peers.PickStranger(ref _random));
    }

    private bool Receive(byte[] datagram, UdpEndpoint source)
    {
        var meant = _ledger.OnReceiving(datagram, source);
        _node.Engine.Receive(datagram, source);
        return meant;
    }

    private async Task CheckAsync()
    {
        _ledger.Expire();
        StateInvariants.RequireSound(_node.RoutingTable, _ledger);
        if (++_steps % StoreCheckPeriod == 0)
        {
            await StateInvariants.RequireWithinQuotaAsync(_store, Quota);
        }

        if (_log.First is { } failure)
        {
            throw new InvalidOperationException("The node logged an exception.", failure);
        }
    }
}

/// <summary>Keeps the first exception that the node logged instead of throwing it.</summary>
internal sealed class FailureLog : ILoggerFactory, ILogger
{
    public Exception? First { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This log goes nowhere else.");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        First ??= exception;

    public void Dispose()
    {
    }
}

using System.Diagnostics.CodeAnalysis;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

// Many datagrams against one node that is never restarted. They are mutated or well-formed, from forged sources, in the name of
// its contacts, and as responses to its requests. It must stay bounded and go on serving whoever is proven.
[SuppressMessage("Design", "CA1001", Justification = "The end of the run disposes of the node and what it owns.")]
internal sealed class SoakRun
{
    /// <summary>Datagrams that arrive at the same virtual time.</summary>
    private const int BatchLength = 64;

    /// <summary>Datagrams between two looks at everything.</summary>
    private const int CheckPeriod = 25_600;

    /// <summary>Contacts, in a /24 each. Others forge their addresses.</summary>
    private const int Contacts = 60;

    // Keys of the witness. A full store takes no more of a peer than others have, and the sixty contacts share its 2,000 keys.
    private const int WitnessKeys = 16;

    /// <summary>What the heap may grow by after the first look: quotas, tables and limiters are full long before.</summary>
    private const long MaxGrowth = 96L << 20;

    /// <summary>21,333 datagrams per second of virtual time. Whole milliseconds: a delay counts no others.</summary>
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(3);

    private static readonly StoreQuota Quota = new()
    {
        TotalKeys = 2_000,
        TotalBytes = 4_000_000,
        KeysPerSource = 200,
        BytesPerSource = 400_000,
    };

    private readonly FailureLog _log = new();
    private readonly InMemoryKeyStore _store = new(Quota);
    private readonly SimulatedWorld _world;
    private readonly SoakTransport _transport;
    private readonly CountingPeer[] _contacts;
    private readonly CountingPeer _witness;
    private readonly Mutator _mutator;
    private readonly KadNode _node;
    private readonly NodeId[] _witnessKeys;
    private readonly ulong _seed;
    private readonly TextWriter _output;
    private long _firstHeap;
    private long _mostHeap;
    private int _checks;

    public SoakRun(ulong seed, byte[][] corpus, TextWriter output)
    {
        (_seed, _output, _mutator) = (seed, output, new Mutator(corpus));
        _world = new SimulatedWorld((int)seed, new NetworkConditions { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero });
        _transport = new SoakTransport(_world.Network.Bind());
        _contacts = [.. Enumerable.Range(0, Contacts).Select(_ => PeerAt(_world.Network.Bind()))];
        _witness = PeerAt(_world.Network.Bind(UdpEndpoint.Parse("12.1.1.1:8468")));
        _node = new KadNode(
            new KadNodeOptions { Quota = Quota },
            _transport,
            _store,
            new InMemoryNodeStateStore(),
            _world.Environment with { LoggerFactory = _log });
        _witnessKeys = [.. Enumerable.Range(0, WitnessKeys).Select(_ => NodeId.Random(_world.Random))];
    }

    /// <summary>Returns the exit code: 0, or 1 as soon as something does not hold.</summary>
    public int Run(long datagrams)
    {
        var begin = Stopwatch.GetTimestamp();
        var done = 0L;
        try
        {
            _world.Run(BeginAsync);
            for (; done < datagrams; done += BatchLength)
            {
                var first = done;
                _world.Run(() => FeedAsync(first));
                if ((done + BatchLength) % CheckPeriod == 0)
                {
                    _world.Run(CheckAsync);
                }
            }

            _world.Run(CheckAsync);
            _world.Run(async () => await _node.DisposeAsync());
        }
#pragma warning disable CA1031 // Any exception is what is being looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _output.WriteLine($"FAILED: soak, seed {_seed}, within {BatchLength} datagrams of {done}: {exception}");
            return 1;
        }

        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        _output.WriteLine(
            $"soak: seed {_seed}, {done} datagrams in {seconds:0.0} s ({done / seconds:0} per second) and {_world.Clock.Elapsed.TotalMinutes:0.0} virtual minutes; served at {_checks} of {_checks} looks; heap {_firstHeap >> 20} MB at first, {_mostHeap >> 20} MB at most; worst ratio {_transport.WorstRatio:0.00}");
        return 0;
    }

    private async Task BeginAsync()
    {
        await _node.StartAsync();
        foreach (var peer in _contacts.Prepend(_witness))
        {
            _node.Engine.Consider(peer.Contact);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(10));
        Require(_node.RoutingTable.Contacts.Contains(_witness.Contact), "the witness is no contact");
    }

    private Task FeedAsync(long first)
    {
        for (var i = first; i < first + BatchLength; i++)
        {
            Feed(i);
        }

        return _world.PassAsync(BatchTime);
    }

    private void Feed(long iteration)
    {
        var random = new FuzzRandom(_seed, iteration);
        var datagram = random.Next(3) == 0 ? FuzzedPeers.Ask((RequestKind)random.Next(5), ref random) : _mutator.Next(ref random);
        switch (random.Next(16))
        {
            case 0:
                // In a contact's name, as whoever knows its address can.
                _node.Engine.Receive(datagram, _contacts[random.Next(Contacts)].Contact.Endpoint);
                break;

            case 1 when _transport.Asked.Count > 0 && datagram.Length >= Datagram.HeaderLength:
                var (id, destination) = _transport.Asked[random.Next(_transport.Asked.Count)];
                datagram[0] = (byte)DatagramKind.Response;
                id.CopyTo(datagram.AsSpan(1));
                if (random.Next(2) == 0 && IsProven(destination))
                {
                    _node.Engine.Receive(datagram, destination);
                }
                else
                {
                    ReceiveForged(datagram, destination, ref random);
                }

                break;

            default:
                ReceiveForged(datagram, default, ref random);
                break;
        }
    }

    private void ReceiveForged(byte[] datagram, UdpEndpoint asked, ref FuzzRandom random)
    {
        var place = random.Next(SoakTransport.ForgedCount);
        var source = SoakTransport.Forged(SoakTransport.Forged(place) == asked ? (place + 1) % SoakTransport.ForgedCount : place);
        _transport.OnForged(source, datagram.Length);
        _node.Engine.Receive(datagram, source);
    }

    private async Task CheckAsync()
    {
        Require(_log.First is null, $"the node logged {_log.First}");
        await RequireServingAsync();
        await RequireBoundedStoreAsync();
        Require(_node.RoutingTable.Contacts.All(contact => IsProven(contact.Endpoint)), "an endpoint is in the table that never answered");
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        _firstHeap = _checks++ == 0 ? heap : _firstHeap;
        _mostHeap = Math.Max(_mostHeap, heap);
        Require(heap <= _firstHeap + MaxGrowth, $"the heap grew from {_firstHeap >> 20} to {heap >> 20} MB");
    }

    private async Task RequireBoundedStoreAsync()
    {
        await StateInvariants.RequireWithinQuotaAsync(_store, Quota);
        var proven = _contacts.Append(_witness).Select(peer => SourceNetwork.Of(peer.Contact.Endpoint)).Append(SourceNetwork.Trusted).ToHashSet();
        await foreach (var (key, value) in _store.ScanAsync())
        {
            Require(proven.Contains(value.Source), $"the value of {key} came from an endpoint that never answered");
        }
    }

    /// <summary>The witness is answered each kind of request, and gets the value that it stored.</summary>
    private async Task RequireServingAsync()
    {
        var (pongs, named, stored, found) = (_witness.Pongs, _witness.Named, _witness.Stored, _witness.Found);
        var (key, value) = (_witnessKeys[_checks % WitnessKeys], DhtValue.FromInteger(_checks));
        Ask(RequestKind.Ping);
        Ask(RequestKind.FindNode);
        Ask(RequestKind.Store);
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Ask(RequestKind.FindValue);
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        var refused = _node.Engine.Counts.Where(count => count.Key.StartsWith("stores.refused", StringComparison.Ordinal) && count.Value > 0);
        Require(_witness.Pongs > pongs, "a proven peer's PING is not answered");
        Require(_witness.Named > named, "a proven peer's FIND_NODE is not answered");
        Require(_witness.Stored > stored, $"a proven peer's STORE is not taken; refused so far: {string.Join(", ", refused)}");
        Require(_witness.Found > found && _witness.Value == value, $"a proven peer gets {_witness.Value} for what it stored");

        void Ask(RequestKind kind) => _node.Engine.Receive(
            RequestBytes.Of(kind, MessageId.Random(_world.Random), new StoreRequest(_witness.Contact.Id, key, value)), _witness.Contact.Endpoint);
    }

    private static CountingPeer PeerAt(SimulatedTransport transport) => new(NodeId.FromKey($"{transport.Endpoint}"), transport);

    // The contacts are in 11.0.0.0/8, the witness is in 12.0.0.0/8.
    private static bool IsProven(UdpEndpoint endpoint) => (byte)(endpoint.AddressLow >> 24) is 11 or 12;
}

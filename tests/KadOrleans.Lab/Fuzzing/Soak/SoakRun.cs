using System.Diagnostics;
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

    /// <summary>21,333 datagrams per second of virtual time. Whole milliseconds: a delay counts no others.</summary>
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(3);

    /// <summary>Datagrams between two looks at everything.</summary>
    private const int CheckPeriod = 25_600;

    // Keys of the witness. A full store takes no more of a peer than others have, and the sixty contacts share its 2,000 keys.
    private const int WitnessKeys = 16;

    /// <summary>What the heap may grow by after the first look: quotas, tables and limiters are full long before.</summary>
    private const long MaxGrowth = 96L << 20;

    private static readonly StoreQuota Quota = new()
    {
        TotalKeys = 2_000,
        TotalBytes = 4_000_000,
        KeysPerSource = 200,
        BytesPerSource = 400_000,
    };

    private readonly ManualTimeProvider _clock = new();
    private readonly VirtualThread _thread = new();
    private readonly FailureLog _log = new();
    private readonly SoakSources _sources = new();
    private readonly InMemoryKeyStore _store = new(Quota);
    private readonly SoakTransport _transport;
    private readonly SeededRandomSource _source;
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
        _source = new SeededRandomSource((int)seed);
        _transport = new SoakTransport(_sources.Forged, [.. _sources.Honest, _sources.Witness]);
        _node = new KadNode(
            new KadNodeOptions { Quota = Quota },
            _transport,
            _store,
            new InMemoryNodeStateStore(),
            new NodeEnvironment { Time = _clock, Random = _source, LoggerFactory = _log });
        _witnessKeys = [.. Enumerable.Range(0, WitnessKeys).Select(_ => NodeId.Random(_source))];
    }

    /// <summary>Returns the exit code: 0, or 1 as soon as something does not hold.</summary>
    public int Run(long datagrams)
    {
        var begin = Stopwatch.GetTimestamp();
        var done = 0L;
        try
        {
            OnThread(BeginAsync);
            for (; done < datagrams; done += BatchLength)
            {
                var first = done;
                OnThread(() => FeedAsync(first));
                if ((done + BatchLength) % CheckPeriod == 0)
                {
                    OnThread(CheckAsync);
                }
            }

            OnThread(CheckAsync);
            OnThread(async () => await _node.DisposeAsync());
        }
#pragma warning disable CA1031 // Any exception is what is being looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _output.WriteLine($"FAILED: soak, seed {_seed}, within {BatchLength} datagrams of {done}: {exception}");
            return 1;
        }

        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        _output.WriteLine(FormattableString.Invariant(
            $"soak: seed {_seed}, {done} datagrams in {seconds:0.0} s ({done / seconds:0} per second) and {_clock.Elapsed.TotalMinutes:0.0} virtual minutes; served at {_checks} of {_checks} looks; heap {_firstHeap >> 20} MB at first, {_mostHeap >> 20} MB at most; worst ratio {_transport.WorstRatio:0.00}"));
        return 0;
    }

    private void OnThread(Func<Task> work) => _thread.Run(_clock, async () =>
    {
        await work();
        return true;
    });

    private async Task BeginAsync()
    {
        await _node.StartAsync();
        foreach (var peer in _sources.Honest.Prepend(_sources.Witness))
        {
            _node.Engine.Consider(peer.Contact);
        }

        await PassAsync(TimeSpan.FromSeconds(10));
        Require(_node.RoutingTable.Contacts.Contains(_sources.Witness.Contact), "the witness is no contact");
    }

    private async Task FeedAsync(long first)
    {
        for (var i = first; i < first + BatchLength; i++)
        {
            Feed(i);
            DeliverAnswers();
        }

        await PassAsync(BatchTime);
    }

    private void Feed(long iteration)
    {
        var random = new FuzzRandom(_seed, iteration);
        var datagram = random.Next(3) == 0 ? Population.Ask((RequestKind)random.Next(5), ref random) : _mutator.Next(ref random);
        switch (random.Next(16))
        {
            case 0:
                // In a contact's name, as whoever knows its address can.
                _node.Engine.Receive(datagram, _sources.Honest[random.Next(_sources.Honest.Count)].Contact.Endpoint);
                break;

            case 1 when _transport.Asked.Count > 0 && datagram.Length >= Datagram.HeaderLength:
                var (id, destination) = _transport.Asked[random.Next(_transport.Asked.Count)];
                datagram[0] = (byte)DatagramKind.Response;
                id.CopyTo(datagram.AsSpan(1));
                var isContact = random.Next(2) == 0 && SoakSources.IsHonest(destination);
                if (isContact)
                {
                    _node.Engine.Receive(datagram, destination);
                }
                else
                {
                    ReceiveForged(datagram, destination, ref random);
                }

                break;

            default:
                ReceiveForged(datagram, null, ref random);
                break;
        }
    }

    private void ReceiveForged(byte[] datagram, UdpEndpoint? asked, ref FuzzRandom random)
    {
        var place = random.Next(_sources.Forged.Count);
        if (_sources.Forged[place] == asked)
        {
            place = (place + 1) % _sources.Forged.Count;
        }

        _transport.OnForged(place, datagram.Length);
        _node.Engine.Receive(datagram, _sources.Forged[place]);
    }

    private void DeliverAnswers()
    {
        while (_transport.Arriving.TryDequeue(out var answer))
        {
            _node.Engine.Receive(answer.Datagram, answer.Source);
        }
    }

    private async Task PassAsync(TimeSpan time)
    {
        var end = _clock.Elapsed + time;
        while (_clock.Elapsed < end)
        {
            var step = TimeSpan.FromTicks(Math.Min((end - _clock.Elapsed).Ticks, TimeSpan.FromMilliseconds(50).Ticks));
            await Task.Delay(step, _clock);
            DeliverAnswers();
        }
    }

    private async Task CheckAsync()
    {
        Require(_log.First is null, $"the node logged {_log.First}");
        await RequireServingAsync();
        await RequireBoundedStoreAsync();
        Require(
            _node.RoutingTable.Contacts.All(contact => SoakSources.IsHonest(contact.Endpoint)),
            "an endpoint is in the table that never answered");
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        _firstHeap = _checks++ == 0 ? heap : _firstHeap;
        _mostHeap = Math.Max(_mostHeap, heap);
        Require(heap <= _firstHeap + MaxGrowth, $"the heap grew from {_firstHeap >> 20} to {heap >> 20} MB");
    }

    private async Task RequireBoundedStoreAsync()
    {
        await StateInvariants.RequireWithinQuotaAsync(_store, Quota);
        var honest = _sources.Honest.Append(_sources.Witness)
            .Select(peer => SourceNetwork.Of(peer.Contact.Endpoint)).Append(SourceNetwork.Trusted).ToHashSet();
        await foreach (var (key, value) in _store.ScanAsync())
        {
            Require(honest.Contains(value.Source), $"the value of {key} came from an endpoint that never answered");
        }
    }

    private string RefusedStores() => string.Join(
        ", ",
        _node.Engine.Counts.Where(count => count.Key.StartsWith("stores.refused", StringComparison.Ordinal) && count.Value > 0));

    /// <summary>The witness is answered each kind of request, and gets the value that it stored.</summary>
    private async Task RequireServingAsync()
    {
        var witness = _sources.Witness;
        witness.Forget();
        var buffer = new byte[Datagram.MaxLength];
        void Send(int length) => _node.Engine.Receive(buffer.AsSpan(0, length), witness.Contact.Endpoint);
        MessageId NewId() => MessageId.Random(_source);

        var value = DhtValue.FromInteger(_checks);
        var key = _witnessKeys[_checks % WitnessKeys];
        var store = new StoreRequest(witness.Contact.Id, key, value);
        Send(RequestWriter.WritePing(buffer, NewId(), new PingRequest(witness.Contact.Id)));
        Send(RequestWriter.WriteFindNode(buffer, NewId(), new FindNodeRequest(witness.Contact.Id, key)));
        Require(RequestWriter.TryWriteStore(buffer, NewId(), store, out var length), "a STORE is not written");
        Send(length);
        await PassAsync(TimeSpan.FromSeconds(1));
        Send(RequestWriter.WriteFindValue(buffer, NewId(), new FindValueRequest(witness.Contact.Id, key)));
        await PassAsync(TimeSpan.FromSeconds(1));
        Require(witness.HasPong, "a proven peer's PING is not answered");
        Require(witness.Named > 0, "a proven peer's FIND_NODE is not answered");
        Require(witness.HasStored, $"a proven peer's STORE is not taken; refused so far: {RefusedStores()}");
        Require(witness.Value == value, $"a proven peer gets {witness.Value} for what it stored");
    }
}

using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;
using KadOrleans.Wire;
using Request = KadOrleans.Wire.Request;

namespace KadOrleans.EdgeWorker.Tests.Republishing;

/// <summary>A peer that knows nobody and takes every value.</summary>
internal sealed class TakingPeer : IDatagramReceiver
{
    private readonly byte[] _answer = new byte[Datagram.MaxLength];
    private readonly SimulatedWorld _world;
    private readonly StoreLog _log;
    private readonly NodeId _id;
    private readonly SimulatedTransport _transport;

    public TakingPeer(SimulatedWorld world, StoreLog log)
    {
        (_world, _log, _id, _transport) = (world, log, NodeId.Random(world.Random), world.Network.Bind());
        _transport.Start(this);
    }

    public UdpEndpoint Endpoint => _transport.Endpoint;

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out _)
            || kind != DatagramKind.Request
            || !Request.TryDecode(body, out var request, out _))
        {
            return;
        }

        var length = request.Kind switch
        {
            RequestKind.Ping => ResponseWriter.WritePong(_answer, id, _id),
            RequestKind.Store => Take(request.AsStore().Key, id),
            _ => ResponseWriter.WriteNodes(_answer, id, []),
        };
        _transport.Send(_answer.AsSpan(0, length), source);
    }

    private int Take(NodeId key, MessageId id)
    {
        _log.Note(key, _world.Clock.Elapsed);
        return ResponseWriter.WriteStored(_answer, id, true);
    }
}

/// <summary>When each key was sent to some peer.</summary>
internal sealed class StoreLog
{
    // A value goes to its peers within this time.
    private static readonly TimeSpan Once = TimeSpan.FromMinutes(1);

    /// <summary>The last time of each key.</summary>
    public Dictionary<NodeId, TimeSpan> Sent { get; } = [];

    /// <summary>The longest time between two STOREs of one key.</summary>
    public TimeSpan LongestGap { get; private set; }

    /// <summary>Values sent, by the minute.</summary>
    public Dictionary<int, int> Minutes { get; } = [];

    public void Note(NodeId key, TimeSpan now)
    {
        if (Sent.TryGetValue(key, out var last))
        {
            LongestGap = now - last > LongestGap ? now - last : LongestGap;
        }

        if (now - last > Once)
        {
            Minutes[(int)now.TotalMinutes] = Minutes.GetValueOrDefault((int)now.TotalMinutes) + 1;
        }

        Sent[key] = now;
    }
}

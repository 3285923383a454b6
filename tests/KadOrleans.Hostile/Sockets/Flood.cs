using System.Diagnostics;
using KadOrleans.Core;
using KadOrleans.Simulation;
using KadOrleans.Simulation.Attackers;
using KadOrleans.Wire;

namespace KadOrleans.Hostile.Sockets;

/// <summary>Requests under forged sources at a rate, from a thread of its own.</summary>
internal sealed class Flood : IDisposable
{
    /// <summary>Behind its rate by more than this, it gives datagrams up in place of sending them in one burst.</summary>
    private const double MaxBehindSeconds = 0.02;

    private readonly SeededRandomSource _random;
    private readonly ForgedRequests _requests;
    private readonly ForgingSocket _socket;
    private readonly RequestKind? _kind;
    private readonly int _perSecond;
    private readonly Thread _thread;
    private volatile bool _stopped;
    private long _sent;

    /// <param name="victim">To whom.</param>
    /// <param name="kind">The kind of request; null for all in turn.</param>
    /// <param name="perSecond">Datagrams per second; 0 for none.</param>
    /// <param name="seed">Where sources, ids and keys come from.</param>
    public Flood(UdpEndpoint victim, RequestKind? kind, int perSecond, int seed)
    {
        _random = new SeededRandomSource(seed);
        _requests = new ForgedRequests(_random);
        (_kind, _perSecond, _socket) = (kind, perSecond, new ForgingSocket(victim));
        _thread = new Thread(Run) { IsBackground = true, Name = "flood" };
        _thread.Start();
    }

    public long Sent => Volatile.Read(ref _sent);

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Run()
    {
        var begin = Stopwatch.GetTimestamp();
        var given = 0.0;
        while (!_stopped)
        {
            var due = Stopwatch.GetElapsedTime(begin).TotalSeconds * _perSecond;
            given = Math.Max(given, due - (MaxBehindSeconds * _perSecond));
            for (; given + 1 <= due; given++)
            {
                // 11.128.0.0/9: none of the honest peers' addresses.
                var source = UdpEndpoint.FromIPv4(0x0B80_0000 + (uint)_random.Next(0x80_0000), (ushort)(1_024 + _random.Next(60_000)));
                _socket.Send(_requests.Next(_kind), source);
                Volatile.Write(ref _sent, _sent + 1);
            }

            Thread.Sleep(TimeSpan.FromMilliseconds(1));
        }
    }
}

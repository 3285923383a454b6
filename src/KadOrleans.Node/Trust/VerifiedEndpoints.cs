using System.Collections.Concurrent;
using KadOrleans.Core;

namespace KadOrleans.Node.Trust;

/// <summary>
/// Endpoints that have answered a request of ours, so that nobody can have made up their address. Kept for two
/// generations, each <see cref="Generation"/> long or <see cref="Capacity"/> endpoints large. Reading takes no lock.
/// </summary>
internal sealed class VerifiedEndpoints(TimeProvider time)
{
    /// <summary>
    /// An address may belong to somebody else after a while; within this time, and at most twice it, it is believed.
    /// </summary>
    public static readonly TimeSpan Generation = TimeSpan.FromMinutes(10);

    /// <summary>Endpoints per generation: some 6 MB at the most.</summary>
    public const int Capacity = 65_536;

    // Guards the turn of generations.
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<UdpEndpoint, byte> _current = new(1, 31);
    private volatile ConcurrentDictionary<UdpEndpoint, byte> _previous = new(1, 31);
    private int _count;
    private long _turnedAt = time.GetTimestamp();

    public bool Contains(UdpEndpoint endpoint)
    {
        TurnIfOld();
        return _current.ContainsKey(endpoint) || _previous.ContainsKey(endpoint);
    }

    public void Add(UdpEndpoint endpoint)
    {
        TurnIfOld();
        if (_current.TryAdd(endpoint, 0) && Interlocked.Increment(ref _count) >= Capacity)
        {
            Turn();
        }
    }

    private void TurnIfOld()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _turnedAt)) >= Generation)
        {
            Turn();
        }
    }

    private void Turn()
    {
        lock (_gate)
        {
            var age = time.GetElapsedTime(_turnedAt);
            if (age < Generation && _count < Capacity)
            {
                return;
            }

            _previous = age >= 2 * Generation ? new(1, 31) : _current;
            _current = new(1, 31);
            _count = 0;
            Volatile.Write(ref _turnedAt, time.GetTimestamp());
        }
    }
}

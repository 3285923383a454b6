using System.Collections.Concurrent;
using KadOrleans.Core;

namespace KadOrleans.Node.Requests;

/// <summary>
/// Endpoints whose last request timed out. It is a hint: lookups query them as usual, but do not wait for them. Bounded: beyond
/// <see cref="Capacity"/> all are forgotten and learned again.
/// </summary>
internal sealed class UnresponsiveEndpoints
{
    /// <summary>More than a routing table holds.</summary>
    public const int Capacity = 4_096;

    private readonly ConcurrentDictionary<UdpEndpoint, byte> _endpoints = new(1, 31);
    private int _count;

    public bool Contains(UdpEndpoint endpoint) => _endpoints.ContainsKey(endpoint);

    public void Add(UdpEndpoint endpoint)
    {
        if (_endpoints.TryAdd(endpoint, 0) && Interlocked.Increment(ref _count) > Capacity)
        {
            _endpoints.Clear();
            Volatile.Write(ref _count, 0);
        }
    }

    public void Remove(UdpEndpoint endpoint)
    {
        // It is rarely present, and this check takes no lock.
        if (_endpoints.ContainsKey(endpoint) && _endpoints.TryRemove(endpoint, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}

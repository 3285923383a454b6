using KadOrleans.Core;

namespace KadOrleans.Node.Trust;

/// <summary>
/// Requests that would draw a long answer, from endpoints that have never answered us. Whoever forges a source
/// address must not be able to flood its owner, so the answer waits for the outcome of one ping. Bounded in count,
/// per endpoint and in all; in bytes, as only the 70 bytes that matter of a request are kept; and in time, as each
/// entry ends with its ping.
/// </summary>
internal sealed class HeldAnswers
{
    /// <summary>Endpoints with held requests. Beyond it, a stranger's request is dropped; it will ask again.</summary>
    public const int MaxEndpoints = 4_096;

    /// <summary>Requests per endpoint. More than a node sends at once when it comes.</summary>
    public const int MaxPerEndpoint = 32;

    // Guards _byEndpoint.
    private readonly Lock _gate = new();
    private readonly Dictionary<UdpEndpoint, List<HeldRequest>> _byEndpoint = [];

    /// <summary>Keeps a request.</summary>
    /// <returns>Whether it was kept, and whether it is the endpoint's first, so that a ping is to be sent.</returns>
    public (bool Kept, bool First) Hold(UdpEndpoint source, HeldRequest request)
    {
        lock (_gate)
        {
            if (_byEndpoint.TryGetValue(source, out var requests))
            {
                var room = requests.Count < MaxPerEndpoint;
                if (room)
                {
                    requests.Add(request);
                }

                return (room, false);
            }

            if (_byEndpoint.Count >= MaxEndpoints)
            {
                return (false, false);
            }

            _byEndpoint.Add(source, [request]);
            return (true, true);
        }
    }

    /// <summary>Takes what is held for an endpoint, to be answered or thrown away.</summary>
    public IReadOnlyList<HeldRequest> Take(UdpEndpoint source)
    {
        lock (_gate)
        {
            return _byEndpoint.Remove(source, out var requests) ? requests : [];
        }
    }
}

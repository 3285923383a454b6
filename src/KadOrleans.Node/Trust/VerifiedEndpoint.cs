using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>
/// What one endpoint that proved its address may still draw: requests and bytes. It has rates of its own, so that requests forged
/// under other ports of its host, or under its neighbours' addresses, use up nothing of them.
/// </summary>
internal sealed class VerifiedEndpoint(EndpointRates rates, DateTimeOffset now)
{
    // Guards both buckets.
    private readonly Lock _gate = new();
    private TokenBucket _requests = new(rates.Requests, now);
    private TokenBucket _bytes = new(rates.Bytes, now);

    /// <summary>Whether one more request is within the rate.</summary>
    public bool TryAdmit(DateTimeOffset now)
    {
        lock (_gate)
        {
            return _requests.TryTake(rates.Requests, now);
        }
    }

    /// <summary>Whether so many bytes are within the rate; they are counted if so.</summary>
    public bool TrySend(int bytes, DateTimeOffset now)
    {
        if (!rates.LimitsBytes)
        {
            return true;
        }

        lock (_gate)
        {
            return _bytes.TryTake(rates.Bytes, now, bytes);
        }
    }

    /// <summary>Counts bytes that are sent anyway.</summary>
    public void Spend(int bytes, DateTimeOffset now)
    {
        if (rates.LimitsBytes)
        {
            lock (_gate)
            {
                _bytes.Spend(rates.Bytes, now, bytes);
            }
        }
    }
}

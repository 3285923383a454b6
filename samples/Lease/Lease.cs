using KadOrleans;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace Leases;

/// <summary>
/// A lease that one of several workers has for a time. Its number is higher than that of every earlier owner, so whatever the lease protects can refuse
/// an owner who lost it without noticing.
/// </summary>
public sealed class Lease
{
    // The clocks of worker and DHT differ, and the time that a cluster agrees on moves by up to 5 s: leave 10 s of a life that matters, as
    // docs/consistency.md says. The lives of this sample are 2 s, so that it ends soon, and all is on the clock of one machine.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(500);

    private readonly IDht _dht;
    private readonly NodeId _key;
    private readonly string _worker;
    private readonly TimeSpan _life;
    private readonly TimeProvider _time;
    private ValueVersion _version;

    private Lease(IDht dht, NodeId key, string worker, TimeSpan life, TimeProvider time) =>
        (_dht, _key, _worker, _life, _time) = (dht, key, worker, life, time);

    /// <summary>The fencing number: give it to what the lease protects with each write.</summary>
    public long Number => _version.Number;

    /// <summary>From this moment on somebody else may have it. Counted from before the call that got it.</summary>
    public DateTimeOffset Ends { get; private set; }

    /// <summary>Takes the lease. Null if another worker has it.</summary>
    public static async Task<Lease?> TryTakeAsync(IDht dht, string name, string worker, TimeSpan life, TimeProvider time)
    {
        var lease = new Lease(dht, NodeId.FromKey(name), worker, life, time);
        return await lease.TrySetAsync(ValueVersion.Nothing) ? lease : null;
    }

    /// <summary>Makes it last longer. False if it was lost; then it stays lost.</summary>
    public Task<bool> TryRenewAsync() => TrySetAsync(_version);

    /// <summary>
    /// Gives it back at once; if it fails, the lease ends by itself. Where nodes of others hold copies, it can be taken once those have expired: there
    /// set a value that means free instead, and take the lease over its version.
    /// </summary>
    public async Task ReleaseAsync() => await _dht.DeleteIfAsync(_key, _version);

    private async Task<bool> TrySetAsync(ValueVersion expected)
    {
        // One id for the call and its repetitions: it finds its own success.
        var (begun, callId) = (_time.GetUtcNow(), Random.Shared.NextInt64(1, long.MaxValue));
        while (true)
        {
            try
            {
                var set = await _dht.SetIfAsync(_key, DhtValue.FromString(_worker), expected, SetAcknowledgement.Network, _life, callId);
                if (set.Local != StoreResult.Stored)
                {
                    return false;
                }

                (_version, Ends) = (set.Version, begun + _life - Margin);
                return Ends > _time.GetUtcNow();
            }
            catch (DhtUnavailableException) when (_time.GetUtcNow() - begun < _life)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), _time);
            }
        }
    }
}

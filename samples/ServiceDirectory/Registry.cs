using KadOrleans;
using KadOrleans.Core.Items;

namespace ServiceDirectory;

/// <summary>
/// Where services are, in a DHT. A service's entry is an item that it signs, so that nobody else can change it, whoever holds it. It knows neither
/// nodes nor clusters.
/// </summary>
public sealed class Registry(IDht dht)
{
    private const string Salt = "directory";

    /// <summary>Says where a service is, in the place of what it has said before.</summary>
    public Task<SetResult> AnnounceAsync(ItemSigner service, string address, CancellationToken cancellationToken) =>
        ReplaceAsync(service, seq => service.SignAsync(Salt, seq, address, cancellationToken), cancellationToken);

    /// <summary>Says that a service has ended.</summary>
    public Task<SetResult> EndAsync(ItemSigner service, CancellationToken cancellationToken) =>
        ReplaceAsync(service, seq => service.SignEndAsync(Salt, seq, cancellationToken), cancellationToken);

    /// <summary>Where a service is, as it said itself last; null if it has ended, or never said anything.</summary>
    /// <param name="service">Its public key, 32 bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<string?> FindAsync(ReadOnlyMemory<byte> service, CancellationToken cancellationToken)
    {
        var found = await dht.GetSignedAsync(service, Salt, cancellationToken);
        return found.Found && found.Item!.TryGetText(out var address) ? address : null;
    }

    // Of two processes of one service that write at once one stores its entry; the other sees that its number is taken.
    private async Task<SetResult> ReplaceAsync(ItemSigner service, Func<long, ValueTask<Item>> sign, CancellationToken cancellationToken)
    {
        var last = (await dht.GetSignedAsync(service.PublicKey, Salt, cancellationToken)).Item?.Seq ?? 0;
        var set = await dht.SetSignedIfAsync(await sign(last + 1), last, cancellationToken: cancellationToken);
        return set.Succeeded ? set : throw new RegistryException($"The entry with the number {last + 1} was not stored: {set.Local}.");
    }
}

/// <summary>What the registry cannot do, in one sentence.</summary>
public sealed class RegistryException(string message) : Exception(message);

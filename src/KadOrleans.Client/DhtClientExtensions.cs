using KadOrleans.Client.Values;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Dht;

namespace KadOrleans.Client;

/// <summary>
/// Text keys, and values as .NET has them. A text key's id is the SHA-1 of its UTF-8 bytes, as all of the network has it.
/// Errors are those of <see cref="IDhtClient"/>.
/// </summary>
public static class DhtClientExtensions
{
    /// <summary>The value of a text key.</summary>
    public static ValueTask<DhtGetResult> GetAsync(this IDhtClient client, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.GetAsync(NodeId.FromKey(key), cancellationToken);
    }

    /// <summary>The value of a text key, of one of the types string, long, double, bool and byte[].</summary>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is another type; no silo was asked.</exception>
    /// <exception cref="InvalidOperationException">There is a value, of another type.</exception>
    public static ValueTask<DhtTypedResult<T>> GetAsync<T>(
        this IDhtClient client, string key, CancellationToken cancellationToken = default) =>
        client.GetAsync<T>(NodeId.FromKey(key), cancellationToken);

    /// <summary>The value of a key, of one of the types string, long, double, bool and byte[].</summary>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is another type; no silo was asked.</exception>
    /// <exception cref="InvalidOperationException">There is a value, of another type.</exception>
    public static ValueTask<DhtTypedResult<T>> GetAsync<T>(
        this IDhtClient client, NodeId key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        TypedValues.KindOf(typeof(T));
        return ReadAsync<T>(client.GetAsync(key, cancellationToken));
    }

    /// <summary>Publishes a text key no more; false if the cluster did not.</summary>
    public static ValueTask<bool> UnpublishAsync(this IDhtClient client, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.UnpublishAsync(NodeId.FromKey(key), cancellationToken);
    }

    /// <summary>Stores a value of any of the five types under a text key.</summary>
    public static ValueTask<DhtSetResult> SetAsync(
        this IDhtClient client, string key, DhtValue value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.SetAsync(NodeId.FromKey(key), value, cancellationToken);
    }

    /// <summary>Stores text, at most 8,137 bytes of UTF-8.</summary>
    public static ValueTask<DhtSetResult> SetAsync(
        this IDhtClient client, string key, string value, CancellationToken cancellationToken = default) =>
        client.SetAsync(key, DhtValue.FromString(value), cancellationToken);

    /// <summary>Stores a whole number.</summary>
    public static ValueTask<DhtSetResult> SetAsync(
        this IDhtClient client, string key, long value, CancellationToken cancellationToken = default) =>
        client.SetAsync(key, DhtValue.FromInteger(value), cancellationToken);

    /// <summary>Stores a floating-point number.</summary>
    public static ValueTask<DhtSetResult> SetAsync(
        this IDhtClient client, string key, double value, CancellationToken cancellationToken = default) =>
        client.SetAsync(key, DhtValue.FromFloat(value), cancellationToken);

    /// <summary>Stores a boolean.</summary>
    public static ValueTask<DhtSetResult> SetAsync(
        this IDhtClient client, string key, bool value, CancellationToken cancellationToken = default) =>
        client.SetAsync(key, DhtValue.FromBoolean(value), cancellationToken);

    /// <summary>Stores a copy of bytes, at most 8,137.</summary>
    public static ValueTask<DhtSetResult> SetAsync(
        this IDhtClient client, string key, byte[] value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return client.SetAsync(key, DhtValue.FromBytes([.. value]), cancellationToken);
    }

    private static async ValueTask<DhtTypedResult<T>> ReadAsync<T>(ValueTask<DhtGetResult> getting) =>
        (await getting).Value is { } value ? new DhtTypedResult<T>(true, TypedValues.Read<T>(value)) : default;
}

using System.Text.Json.Serialization.Metadata;

namespace KadOrleans;

/// <summary>
/// Objects as JSON in any DHT: the value is the text, at most 8,137 bytes of it. <see cref="DhtValue.FromJson"/> and <see cref="DhtValue.AsJson"/> do the
/// same for the calls that take or return a <see cref="DhtValue"/>. Errors are those of <see cref="IDht"/>.
/// </summary>
public static class DhtJsonExtensions
{
    /// <summary>Stores an object as JSON under a text key.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="key">The key.</param>
    /// <param name="content">The object.</param>
    /// <param name="type">Its type, of a <c>JsonSerializerContext</c> or of <c>JsonSerializerOptions.GetTypeInfo</c>.</param>
    /// <param name="acknowledgement">The acknowledgement to await.</param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    public static Task<SetResult> SetJsonAsync<T>(
        this IDht dht,
        string key,
        T content,
        JsonTypeInfo<T> type,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        CancellationToken cancellationToken = default) =>
        dht.SetAsync(key, DhtValue.FromJson(content, type), acknowledgement, cancellationToken);

    /// <summary>Gets an object that was stored as JSON under a text key; found and null for the text <c>null</c>, which anybody may have stored.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="key">The key.</param>
    /// <param name="type">Its type, as it was stored.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The value is no text, or no JSON of this type.</exception>
    public static async Task<TypedResult<T>> GetJsonAsync<T>(
        this IDht dht, string key, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return (await dht.GetAsync(key, cancellationToken)).Value is { } value ? new TypedResult<T>(true, value.AsJson(type)) : default;
    }
}

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

    /// <summary>Stores an object as JSON under a text key for a time, without publishing it again.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="key">The key.</param>
    /// <param name="content">The object.</param>
    /// <param name="type">Its type, of a <c>JsonSerializerContext</c> or of <c>JsonSerializerOptions.GetTypeInfo</c>.</param>
    /// <param name="life">As of <see cref="IDht.SetAsync(NodeId, DhtValue, TimeSpan, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    public static Task<SetResult> SetJsonAsync<T>(
        this IDht dht, string key, T content, JsonTypeInfo<T> type, TimeSpan life, CancellationToken cancellationToken = default) =>
        dht.SetAsync(key, DhtValue.FromJson(content, type), life, cancellationToken);

    /// <summary>Stores an object as JSON under a text key if that has the expected version.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="key">The key.</param>
    /// <param name="content">The object. Its JSON is what a repeated call has to have again.</param>
    /// <param name="type">Its type, of a <c>JsonSerializerContext</c> or of <c>JsonSerializerOptions.GetTypeInfo</c>.</param>
    /// <param name="expected">The version that the key must have, as <see cref="TypedResult{T}.Version"/> of a get has it.</param>
    /// <param name="acknowledgement"><inheritdoc cref="IDht.SetIfAsync" path="/param[@name='acknowledgement']"/></param>
    /// <param name="life"><inheritdoc cref="IDht.SetIfAsync" path="/param[@name='life']"/></param>
    /// <param name="callId"><inheritdoc cref="IDht.SetIfAsync" path="/param[@name='callId']"/></param>
    /// <param name="cancellationToken"><inheritdoc cref="IDht.SetIfAsync" path="/param[@name='cancellationToken']"/></param>
    public static Task<SetResult> SetJsonIfAsync<T>(
        this IDht dht,
        string key,
        T content,
        JsonTypeInfo<T> type,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default) =>
        dht.SetIfAsync(key, DhtValue.FromJson(content, type), expected, acknowledgement, life, callId, cancellationToken);

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
        return (await dht.GetAsync(key, cancellationToken)).As(value => value.AsJson(type));
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace KadOrleans;

/// <summary>
/// Text keys and typed values. The id of a text key is the SHA-1 of its UTF-8 bytes, as everywhere in the network. It is Unicode of 1 to 1,024
/// characters, else <see cref="ArgumentException"/>; what others stored under other texts has an id too (<see cref="NodeId.FromKey(string)"/>).
/// These types convert to <see cref="DhtValue"/>: string, whole numbers, double, bool and byte[]. <see cref="DhtJsonExtensions"/> has others. Errors are
/// those of <see cref="IDht"/>. With C# 12 or older no value can be set by these: <c>LangVersion</c> is 13 or later, as by default.
/// </summary>
public static class DhtExtensions
{
    private const string NoValue =
        "A value is a string, int, long, double, bool, byte[] or DhtValue. SetJsonAsync stores anything else as JSON, by its JsonTypeInfo. "
        + "If it is one of these, LangVersion is below 13, which is needed.";

    private static readonly Dictionary<Type, DhtValueKind> Kinds = new()
    {
        [typeof(string)] = DhtValueKind.String,
        [typeof(int)] = DhtValueKind.Integer,
        [typeof(uint)] = DhtValueKind.Integer,
        [typeof(long)] = DhtValueKind.Integer,
        [typeof(ulong)] = DhtValueKind.Integer,
        [typeof(double)] = DhtValueKind.Float,
        [typeof(bool)] = DhtValueKind.Boolean,
        [typeof(byte[])] = DhtValueKind.Bytes,
    };

    /// <summary>Gets the value of a text key.</summary>
    public static Task<GetResult> GetAsync(this IDht dht, string key, CancellationToken cancellationToken = default) =>
        NotNull(dht).GetAsync(TextKey.IdOf(key), cancellationToken);

    /// <inheritdoc cref="GetAsync{T}(IDht, NodeId, CancellationToken)"/>
    public static Task<TypedResult<T>> GetAsync<T>(this IDht dht, string key, CancellationToken cancellationToken = default) =>
        dht.GetAsync<T>(TextKey.IdOf(key), cancellationToken);

    /// <summary>Gets a value of one of the types string, int, uint, long, ulong, double, bool and byte[].</summary>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is another type; no request was sent.</exception>
    /// <exception cref="InvalidOperationException">The value is of another type, or a number beyond it.</exception>
    public static Task<TypedResult<T>> GetAsync<T>(this IDht dht, NodeId key, CancellationToken cancellationToken = default)
    {
        NotNull(dht);
        KindOf(typeof(T));
        return ReadAsync<T>(dht.GetAsync(key, cancellationToken));
    }

    /// <summary>Stores a value and awaits the network.</summary>
    public static Task<SetResult> SetAsync(
        this IDht dht, NodeId key, DhtValue value, CancellationToken cancellationToken = default) =>
        NotNull(dht).SetAsync(key, value, SetAcknowledgement.Network, cancellationToken);

    /// <summary>Stores a value under a text key and awaits the network.</summary>
    public static Task<SetResult> SetAsync(
        this IDht dht, string key, DhtValue value, CancellationToken cancellationToken = default) =>
        dht.SetAsync(key, value, SetAcknowledgement.Network, cancellationToken);

    /// <summary>Stores a value under a text key.</summary>
    public static Task<SetResult> SetAsync(
        this IDht dht, string key, DhtValue value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default) =>
        NotNull(dht).SetAsync(TextKey.IdOf(key), value, acknowledgement, cancellationToken);

    /// <summary>Stores a value under a text key for a time, without publishing it again.</summary>
    public static Task<SetResult> SetAsync(
        this IDht dht, string key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default) =>
        NotNull(dht).SetAsync(TextKey.IdOf(key), value, life, cancellationToken);

    /// <summary>Tells at compile time that a type is no value, and what to call. What is a value never gets here.</summary>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetAsync<T>(this IDht dht, string key, T value, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetAsync<T>(
        this IDht dht, string key, T value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetAsync<T>(this IDht dht, NodeId key, T value, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

    /// <summary>Stores a value under a text key if that has the expected version.</summary>
    /// <inheritdoc cref="IDht.SetIfAsync"/>
    public static Task<SetResult> SetIfAsync(
        this IDht dht,
        string key,
        DhtValue value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default) =>
        NotNull(dht).SetIfAsync(TextKey.IdOf(key), value, expected, acknowledgement, life, callId, cancellationToken);

    /// <summary>Removes the value of a text key if that has the expected version.</summary>
    /// <inheritdoc cref="IDht.DeleteIfAsync"/>
    public static Task<DeleteResult> DeleteIfAsync(
        this IDht dht, string key, ValueVersion expected, long callId = 0, CancellationToken cancellationToken = default) =>
        NotNull(dht).DeleteIfAsync(TextKey.IdOf(key), expected, callId, cancellationToken);

    /// <summary>
    /// Stores a value if what a get finds meets a condition, and has the same version still. Begins anew if it has not, a few times.
    /// </summary>
    internal static async Task<SetResult> SetIfFoundAsync(
        this IDht dht,
        NodeId key,
        DhtValue value,
        Func<GetResult, bool> condition,
        SetAcknowledgement acknowledgement,
        TimeSpan? life,
        CancellationToken cancellationToken)
    {
        for (var changes = 0; changes < StoreRules.MaxChanges; changes++)
        {
            var found = await dht.GetAsync(key, cancellationToken);
            if (!condition(found))
            {
                return new SetResult { Local = StoreResult.Superseded };
            }

            var result = await dht.SetIfAsync(key, value, found.Version, acknowledgement, life, callId: 0, cancellationToken);
            if (result.Local != StoreResult.Superseded)
            {
                return result;
            }
        }

        throw StoreRules.ChangedTooOften();
    }

    /// <summary>Watches a text key.</summary>
    public static IAsyncEnumerable<KeyChange> WatchAsync(this IDht dht, string key, CancellationToken cancellationToken = default) =>
        NotNull(dht).WatchAsync(TextKey.IdOf(key), cancellationToken);

    /// <summary>Stops publishing a text key. Returns false if this DHT did not publish it.</summary>
    public static Task<bool> UnpublishAsync(this IDht dht, string key, CancellationToken cancellationToken = default) =>
        NotNull(dht).UnpublishAsync(TextKey.IdOf(key), cancellationToken);

    private static IDht NotNull(IDht dht)
    {
        ArgumentNullException.ThrowIfNull(dht);
        return dht;
    }

    private static async Task<TypedResult<T>> ReadAsync<T>(Task<GetResult> getting) =>
        (await getting).Value is { } value ? new TypedResult<T>(true, Read<T>(value)) : default;

    private static DhtValueKind KindOf(Type type) => Kinds.TryGetValue(type, out var kind)
        ? kind
        : throw new NotSupportedException(
            $"Type {type.Name} is not supported; use string, int, uint, long, ulong, double, bool or byte[], or GetJsonAsync for what was stored as JSON.");

    private static T Read<T>(DhtValue value)
    {
        if (value.Kind != KindOf(typeof(T)))
        {
            throw new InvalidOperationException($"The value is {value.Kind}, not {KindOf(typeof(T))}.");
        }

        object read = value.Kind switch
        {
            DhtValueKind.String => value.AsString(),
            DhtValueKind.Integer => ToInteger(value.AsInteger(), typeof(T)),
            DhtValueKind.Float => value.AsFloat(),
            DhtValueKind.Boolean => value.AsBoolean(),
            DhtValueKind.Bytes => value.AsBytes().ToArray(),
            DhtValueKind.None => throw new UnreachableException("No type is that of an empty value."),
        };
        return (T)read;
    }

    private static object ToInteger(Int128 number, Type type)
    {
        try
        {
            return Type.GetTypeCode(type) switch
            {
                TypeCode.Int32 => (object)checked((int)number),
                TypeCode.UInt32 => checked((uint)number),
                TypeCode.Int64 => checked((long)number),
                _ => checked((ulong)number),
            };
        }
        catch (OverflowException)
        {
            throw new InvalidOperationException($"The value is {number}, which {type.Name} does not hold; get it as another type, or without one.");
        }
    }
}

using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace KadOrleans;

/// <summary>
/// Text keys and typed values. The id of a text key is the SHA-1 of its UTF-8 bytes, as everywhere in the network. It is Unicode of 1 to 1,024
/// characters, else <see cref="ArgumentException"/>; what others stored under other texts has an id too (<see cref="NodeId.FromKey(string)"/>).
/// These types convert to <see cref="DhtValue"/>: string, whole numbers, float, double, bool, byte[], and spans and memory of bytes that are only
/// read. <see cref="DhtJsonExtensions"/> has others. Errors are those of <see cref="IDht"/>. With C# 12 or older no value can be set by these:
/// <c>LangVersion</c> is 13 or later, as by default.
/// </summary>
public static class DhtExtensions
{
    private const string NoValue =
        "A value is a string, whole number up to Int128, float, double, bool, byte[], ReadOnlySpan<byte>, ReadOnlyMemory<byte> or DhtValue. "
        + "SetJsonAsync stores anything else as JSON, by its JsonTypeInfo. If it is one of these, LangVersion is below 13, which is needed.";

    private const string GotTypes =
        "string, sbyte, byte, short, ushort, int, uint, long, ulong, nint, nuint, Int128, float, double, bool, byte[], ReadOnlyMemory<byte> or DhtValue";

    // What converts to a value, but for what is narrower there than here: that throws OverflowException.
    private static readonly Dictionary<Type, Func<DhtValue, object>> Readers = new()
    {
        [typeof(string)] = static value => value.AsString(),
        [typeof(sbyte)] = static value => checked((sbyte)value.AsInteger()),
        [typeof(byte)] = static value => checked((byte)value.AsInteger()),
        [typeof(short)] = static value => checked((short)value.AsInteger()),
        [typeof(ushort)] = static value => checked((ushort)value.AsInteger()),
        [typeof(int)] = static value => checked((int)value.AsInteger()),
        [typeof(uint)] = static value => checked((uint)value.AsInteger()),
        [typeof(long)] = static value => checked((long)value.AsInteger()),
        [typeof(ulong)] = static value => checked((ulong)value.AsInteger()),
        [typeof(nint)] = static value => checked((nint)value.AsInteger()),
        [typeof(nuint)] = static value => checked((nuint)value.AsInteger()),
        [typeof(Int128)] = static value => value.AsInteger(),
        [typeof(float)] = static value => ToSingle(value.AsFloat()),
        [typeof(double)] = static value => value.AsFloat(),
        [typeof(bool)] = static value => value.AsBoolean(),
        [typeof(byte[])] = static value => value.AsBytes().ToArray(),
        [typeof(ReadOnlyMemory<byte>)] = static value => value.AsBytes(),
        [typeof(DhtValue)] = static value => value,
    };

    /// <summary>Gets the value of a text key.</summary>
    public static Task<GetResult> GetAsync(this IDht dht, string key, CancellationToken cancellationToken = default) =>
        NotNull(dht).GetAsync(TextKey.IdOf(key), cancellationToken);

    /// <inheritdoc cref="GetAsync{T}(IDht, NodeId, CancellationToken)"/>
    public static Task<TypedResult<T>> GetAsync<T>(this IDht dht, string key, CancellationToken cancellationToken = default) =>
        dht.GetAsync<T>(TextKey.IdOf(key), cancellationToken);

    /// <summary>
    /// Gets a value as string, byte[], ReadOnlyMemory of bytes, bool, float, double, a type of whole numbers up to 64 bits, Int128 or
    /// <see cref="DhtValue"/>; or as one of these that may be null, which it is without a value.
    /// </summary>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is another type; no request was sent.</exception>
    /// <exception cref="InvalidOperationException">The value is of another type, or a number that this type does not hold exactly.</exception>
    public static Task<TypedResult<T>> GetAsync<T>(this IDht dht, NodeId key, CancellationToken cancellationToken = default)
    {
        NotNull(dht);
        ReaderOf(typeof(T));
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

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetAsync<T>(this IDht dht, string key, T value, TimeSpan life, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetAsync<T>(
        this IDht dht, NodeId key, T value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetAsync<T>(this IDht dht, NodeId key, T value, TimeSpan life, CancellationToken cancellationToken = default) =>
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

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetIfAsync<T>(
        this IDht dht,
        string key,
        T value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

    /// <inheritdoc cref="SetAsync{T}(IDht, string, T, CancellationToken)"/>
    [Obsolete(NoValue, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(-1)]
    public static Task<SetResult> SetIfAsync<T>(
        this IDht dht,
        NodeId key,
        T value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NoValue);

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

    private static async Task<TypedResult<T>> ReadAsync<T>(Task<GetResult> getting) => (await getting) is { } result
        ? result.As(Read<T>)
        : throw new InvalidOperationException("GetAsync of this IDht returned null, as a mock does for which no result was set up.");

    private static Func<DhtValue, object> ReaderOf(Type type) => Readers.TryGetValue(NotNullable(type), out var reader)
        ? reader
        : throw new NotSupportedException(
            $"Type {NotNullable(type).Name} is not supported; use {GotTypes}, or GetJsonAsync for what was stored as JSON.");

    private static Type NotNullable(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static T Read<T>(DhtValue value)
    {
        try
        {
            return (T)ReaderOf(typeof(T))(value);
        }
        catch (OverflowException)
        {
            throw new InvalidOperationException(
                $"The value is {value}, which {NotNullable(typeof(T)).Name} does not hold; get it as another type, or without one.");
        }
    }

    private static float ToSingle(double number) => ((double)(float)number).Equals(number) ? (float)number : throw new OverflowException();
}

using System.Runtime.CompilerServices;

namespace KadOrleans.Core.Values;

/// <summary>Rules for all values, checked before the quotas.</summary>
internal static class StoreRules
{
    /// <summary>
    /// The longest content of a text or bytes value. A request body has at most 8,192 bytes: 52 for the call, 3 for the value's header.
    /// </summary>
    public const int MaxContentLength = 8137;

    /// <summary>Why a value cannot be sent to, and is not accepted from, the network; null if it can be.</summary>
    public static StoreResult? FindRefusal(DhtValue value) => value switch
    {
        { Kind: DhtValueKind.None } => StoreResult.UnsupportedType,
        { ContentLength: > MaxContentLength } => StoreResult.TooLarge,
        _ => null,
    };

    /// <summary>Throws if <see cref="FindRefusal"/> finds a reason.</summary>
    /// <exception cref="ArgumentException">The value is empty or longer than <see cref="MaxContentLength"/>.</exception>
    public static void ThrowIfRefused(DhtValue value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (FindRefusal(value) is { } refusal)
        {
            throw new ArgumentException(
                refusal == StoreResult.TooLarge
                    ? $"The value is {value.ContentLength} bytes long; at most {MaxContentLength} are allowed."
                    : "The value is empty (default(DhtValue)).",
                name);
        }
    }
}

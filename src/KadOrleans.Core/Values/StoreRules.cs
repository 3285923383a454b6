using System.Runtime.CompilerServices;

namespace KadOrleans.Core.Values;

/// <summary>Rules for all values, checked before the quotas.</summary>
public static class StoreRules
{
    /// <summary>
    /// The longest content of a text or bytes value. A request body has at most 8,192 bytes: 52 for the call, 3 for the value's header.
    /// </summary>
    public const int MaxContentLength = 8137;

    /// <summary>Whether a value can be sent to, and is accepted from, the network.</summary>
    public static StoreResult Check(DhtValue value) => value switch
    {
        { Kind: DhtValueKind.None } => StoreResult.UnsupportedType,
        { ContentLength: > MaxContentLength } => StoreResult.TooLarge,
        _ => StoreResult.Stored,
    };

    /// <summary>Refuses a value that <see cref="Check"/> refuses.</summary>
    /// <exception cref="ArgumentException">The value is empty or longer than <see cref="MaxContentLength"/>.</exception>
    public static void ThrowIfRefused(DhtValue value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (Check(value) is var rule && rule != StoreResult.Stored)
        {
            throw new ArgumentException(
                rule == StoreResult.TooLarge
                    ? $"The value is {value.ContentLength} bytes long; at most {MaxContentLength} are allowed."
                    : "The value is empty (default(DhtValue)).",
                name);
        }
    }
}

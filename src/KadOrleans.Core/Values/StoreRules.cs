using System.Runtime.CompilerServices;

namespace KadOrleans.Core.Values;

/// <summary>What may be stored at all, before any quota is asked.</summary>
public static class StoreRules
{
    /// <summary>
    /// The longest content of a text or bytes value: the wire's request body ends at 8,192 bytes, of which 52 go to
    /// the call and 3 to the value's own header.
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

using System.Runtime.CompilerServices;

namespace KadOrleans.Core.Values;

internal static class StoreRules
{
    /// <summary>In bytes. A request body has at most 8,192: 52 for the call, 3 for the value's header.</summary>
    public const int MaxContentLength = 8137;

    /// <summary>365 days. A node holds a value at most for its own time to live.</summary>
    public const int MaxLifeSeconds = 365 * 24 * 60 * 60;

    /// <summary>The sender gets no response, and may offer the value again.</summary>
    public static bool IsUndecided(this StoreResult result) =>
        result is StoreResult.StorageFailed or StoreResult.Busy or StoreResult.Late or StoreResult.Overtaken;

    /// <summary>A signed item is offered or held, and its owner's signature decided against the value.</summary>
    public static bool IsRefusalOfItem(this StoreResult result) =>
        result is StoreResult.InvalidItem or StoreResult.OlderItem or StoreResult.NotOwner;

    public static void ThrowIfNoLife(TimeSpan life, [CallerArgumentExpression(nameof(life))] string? name = null)
    {
        if (life < TimeSpan.FromSeconds(1) || life > TimeSpan.FromSeconds(MaxLifeSeconds))
        {
            throw new ArgumentOutOfRangeException(name, life, $"The life is {life}; 00:00:01 to 365.00:00:00 is allowed.");
        }
    }

    /// <summary>Checks what a set awaits.</summary>
    public static void ThrowIfUnknown(SetAcknowledgement acknowledgement)
    {
        if (!Enum.IsDefined(acknowledgement))
        {
            throw new ArgumentOutOfRangeException(
                nameof(acknowledgement),
                acknowledgement,
                $"The acknowledgement is {acknowledgement}; {nameof(SetAcknowledgement.Network)} or {nameof(SetAcknowledgement.Durable)} is allowed.");
        }
    }

    /// <summary>Checks what a set under a condition awaits.</summary>
    public static void ThrowIfNoSuchSet(SetAcknowledgement acknowledgement, TimeSpan? life)
    {
        ThrowIfUnknown(acknowledgement);
        if (life is { } chosen)
        {
            ThrowIfNoLife(chosen, nameof(life));
            if (acknowledgement != SetAcknowledgement.Network)
            {
                throw new ArgumentException(
                    $"The acknowledgement is {acknowledgement}; with a life only {SetAcknowledgement.Network} is allowed.", nameof(acknowledgement));
            }
        }
    }

    /// <summary>How many times a key may change while it is to be set or removed under a condition.</summary>
    public const int MaxChanges = 5;

    public static DhtUnavailableException ChangedTooOften() =>
        new($"The key changed {MaxChanges} times while it was to be set under a condition; nothing was stored. Repeat the request.");

    /// <summary>Why a value cannot be sent to, and is not accepted from, the network.</summary>
    public static StoreResult? FindRefusal(DhtValue value) =>
        value.Kind == DhtValueKind.None ? StoreResult.UnsupportedType
        : value.ContentLength > MaxContentLength ? StoreResult.TooLarge
        : null;

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

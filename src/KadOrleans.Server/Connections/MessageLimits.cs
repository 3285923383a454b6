using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>
/// The longest messages that silos and edges take. Orleans ends the connection of a longer one, and what is on its way on it: so they are above
/// what the processes of a cluster send each other, whatever they hold.
/// </summary>
internal static class MessageLimits
{
    /// <summary>
    /// Ids and addresses with up to 16 notes of activations that moved are some 6 KiB, and the request context with a trace and its baggage, which has
    /// 8 KiB at most, as much again. Data in it is nested some 7,000 levels deep at most, which a stack has room for.
    /// </summary>
    public const int HeaderBytes = 32 << 10;

    /// <summary>
    /// A batch of 1,024 conditional puts of the largest values has 17 MiB, the news of all shards of a silo 26, and the filter of a shard of ten
    /// million keys 23. Shards that move together have less by <see cref="MostMoved"/>.
    /// </summary>
    public const int BodyBytes = 32 << 20;

    /// <summary>
    /// The most activations that are moved at once. A shard carries up to 256 KiB of its log along, all are sent in one message, and those of a second
    /// round may wait for it.
    /// </summary>
    public const int MostMoved = 48;

    public static void Set(MessagingOptions options) => (options.MaxMessageHeaderSize, options.MaxMessageBodySize) = (HeaderBytes, BodyBytes);
}

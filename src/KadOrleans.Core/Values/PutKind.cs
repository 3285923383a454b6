namespace KadOrleans.Core.Values;

/// <summary>The origin of a put value, which decides what it may replace.</summary>
public enum PutKind
{
    /// <summary>From its publisher: it replaces whatever is held.</summary>
    Publication,

    /// <summary>From another holder, with what is left of its life: an old publication coming back replaces nothing.</summary>
    Copy,

    /// <summary>From a state file, with the time it was stored at: what was stored later stays.</summary>
    Import,

    /// <summary>
    /// From its publisher, who chose how long it lives: it replaces what strangers stored, and what ends sooner. Its source may shorten
    /// the life that it gave.
    /// </summary>
    WithLife,
}

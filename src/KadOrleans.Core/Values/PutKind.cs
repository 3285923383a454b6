namespace KadOrleans.Core.Values;

/// <summary>Where a value that is put comes from, which decides what may stand in its way.</summary>
public enum PutKind
{
    /// <summary>From its publisher: it replaces whatever is held.</summary>
    Publication,

    /// <summary>From another holder, with what is left of its life: an old publication coming back replaces nothing.</summary>
    Copy,

    /// <summary>From a state file, with the time it was stored at: what was stored later stays.</summary>
    Import,
}

namespace KadOrleans.Node;

/// <summary>What became of a value that upkeep was to send.</summary>
internal enum SendOutcome
{
    /// <summary>It was not sent: it had changed before, or the store did not say that it had not.</summary>
    NotSent,

    /// <summary>It was sent, and nobody took it, though others are known: this node is cut off. A STORE may have arrived whose answer did not.</summary>
    Unanswered,

    /// <summary>There is nobody to send it to, and nobody was: it rests for its interval.</summary>
    Alone,

    /// <summary>It was sent, and all that answered refused it.</summary>
    Refused,

    /// <summary>It was sent, and is not recorded as sent: it may have been changed or ended meanwhile, by other processes too.</summary>
    Open,

    /// <summary>It was sent, and was still what is stored after that.</summary>
    Recorded,

    /// <summary>Another one is held in its place, as the owner of a kept item has signed a newer one, or none: that one is to be sent.</summary>
    Replaced,
}

namespace KadOrleans.Core.Values;

/// <summary>The result of storing a value on this node.</summary>
public enum StoreResult
{
    /// <summary>The value is held, and durable where the store is.</summary>
    Stored,

    /// <summary>The value's encoded request would be longer than 8,192 bytes.</summary>
    TooLarge,

    /// <summary>The value is of none of the five types.</summary>
    UnsupportedType,

    /// <summary>The source has used up its share of keys or bytes.</summary>
    SourceQuotaExceeded,

    /// <summary>The node holds as many keys or bytes as it may.</summary>
    TotalQuotaExceeded,

    /// <summary>The storage behind the node failed; nothing was promised.</summary>
    StorageFailed,

    /// <summary>A copy of a publication that is older than what is held, or whose life is over; or an import of what was stored earlier.</summary>
    Outdated,

    /// <summary>The subnet has used up its share of keys or bytes.</summary>
    SubnetQuotaExceeded,

    /// <summary>The node is not responsible for the key, and such values already fill all but the reserve.</summary>
    FarQuotaExceeded,

    /// <summary>The source, or its subnet, has changed too many values of others within the hour.</summary>
    ChangeLimitExceeded,

    /// <summary>Too many values wait for the storage; nothing was promised.</summary>
    Busy,

    /// <summary>The value was taken in too long ago, so its sender has timed out; nothing was promised.</summary>
    Late,

    /// <summary>Another value of the key, which was taken in later, is held; nothing was promised.</summary>
    Overtaken,

    /// <summary>The held value was written by a known author, and this write, which would change it, shows no token.</summary>
    TokenRequired,

    /// <summary>What has to be held for the put is not held any more (<see cref="PutCondition"/>); nothing was changed.</summary>
    Superseded,

    /// <summary>
    /// The value begins as a signed item does and is none that holds: malformed, of another key, or not signed by its owner. Or its source has sent
    /// many such values within the last minutes, and is not listened to.
    /// </summary>
    InvalidItem,

    /// <summary>The owner has signed a higher sequence number, or another value with this one: what is held stays (BEP 44, error 302).</summary>
    OlderItem,

    /// <summary>
    /// A signed item is held, and the value is not its owner's. Or the source of this write, which shows no token, wrote the held value with one: no
    /// bound of changes without a token allows that.
    /// </summary>
    NotOwner,

    /// <summary>The node or cluster keeps as many items for their owners as it may (<see cref="StoreQuota.KeptKeys"/>).</summary>
    KeptQuotaExceeded,

    /// <summary>The signed item's owner has used up his share of keys or bytes, whoever sends it (<see cref="StoreQuota.KeysPerOwner"/>).</summary>
    OwnerQuotaExceeded,

    /// <summary>
    /// Of a call under a condition that may have been made before: the condition does not hold, and whether the call was carried out is not known any
    /// more, as another value was stored since. Read the key again, and decide anew.
    /// </summary>
    Unknown,
}

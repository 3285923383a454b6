namespace KadOrleans;

/// <summary>The bans and limits that an operator sets while a DHT runs: a part of <see cref="IDhtAdmin"/>.</summary>
public interface IDhtRules
{
    /// <summary>The bans in force.</summary>
    Task<BanList> GetBansAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Bans an id or a range of addresses, durably. Its contacts leave the tables, its requests get no response, and it is not asked. A cluster's live
    /// edges follow it when this returns, except those in <see cref="BanChange.Missing"/>.
    /// </summary>
    /// <exception cref="ArgumentException">There are 1,024 bans, or it is an id of this DHT.</exception>
    Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default);

    /// <summary>Ends a ban, durably, as <see cref="BanAsync"/> begins it. The ban must be the same as there.</summary>
    Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default);

    /// <summary>The limits that can be changed while the DHT runs: those of the settings, or what they were changed to.</summary>
    Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes a limit, durably. It holds in place of the setting, after restarts too, until it is set back. A quota below what is held refuses further
    /// keys and removes none. A cluster's live edges and the silo that is asked follow it when this returns. The other silos follow within
    /// 15 s. <see cref="LimitChange.Missing"/> has those that do not follow yet.
    /// </summary>
    /// <param name="name">Which limit: the <see cref="Limit.Name"/>, whatever its case.</param>
    /// <param name="value">Its value. Null: back to the setting.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">There is no such limit, or the value is not allowed.</exception>
    Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default);
}

namespace KadOrleans.Storage.Sqlite;

/// <summary>What becomes of a data file that is damaged.</summary>
public enum DamagePolicy
{
    /// <summary>
    /// What can be read is kept, damaged bytes are moved to a file beside it (<c>kad.db.damaged-1</c> to <c>-8</c>), and
    /// <see cref="SqliteDatabase.Damage"/> says what is missing.
    /// </summary>
    SetAside,

    /// <summary>The file is refused, and stays as it is.</summary>
    Refuse,
}

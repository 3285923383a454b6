namespace KadOrleans.Storage.Sqlite.Salvage;

/// <summary>What a load found unreadable. Everything else was loaded.</summary>
internal sealed class Damage
{
    /// <summary>Damaged segments and their keys.</summary>
    public LostRecords Records { get; } = new();

    /// <summary>Keys of publications that are unreadable, as they are in the file.</summary>
    public List<byte[]> Publications { get; } = [];

    /// <summary>Contacts that are unreadable.</summary>
    public int Contacts { get; set; }

    /// <summary>Whether the node's id is unreadable.</summary>
    public bool Id { get; set; }

    /// <summary>Whether there is anything.</summary>
    public bool IsAny => Records.Segments.Count > 0 || Publications.Count > 0 || Contacts > 0 || Id;
}

/// <summary>What a loader does with a damaged row.</summary>
internal static class DamageNotes
{
    /// <summary>Where it is noted; throws where damage is refused.</summary>
    public static Damage NoteOrThrow(this Damage? damage, Func<Exception> refusal) => damage ?? throw refusal();
}

using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The options of grain storage in SQLite.</summary>
public sealed class SqliteGrainStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>The default folder, relative to the current one.</summary>
    public const string DefaultFolder = "kad-cluster-data";

    /// <summary>The folder of <c>kad-grains.db</c>. It is created if it is missing. One process at a time may use it.</summary>
    public string Folder { get; set; } = DefaultFolder;

    /// <summary>The setting of <see cref="Folder"/>, such as <c>Kad:Data</c>, which errors name. Default: none.</summary>
    public string? FolderSetting { get; set; }

    /// <summary>Whether clearing a state deletes its row. Otherwise an empty row keeps the ETag. Default: true.</summary>
    public bool DeleteStateOnClear { get; set; } = true;

    /// <summary>The serializer of states. Default: the one registered for the storage's name, else Orleans' binary serializer.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}

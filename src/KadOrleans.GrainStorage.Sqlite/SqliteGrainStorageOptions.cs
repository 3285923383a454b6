using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>How grain state is kept in SQLite.</summary>
public sealed class SqliteGrainStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>The folder unless another is chosen, in the current one.</summary>
    public const string DefaultFolder = "kad-cluster-data";

    /// <summary>The folder that holds <c>kad-grains.db</c>, made if it is missing. One process at a time may use it.</summary>
    public string Folder { get; set; } = DefaultFolder;

    /// <summary>The setting that chooses <see cref="Folder"/>, such as <c>Kad:Data</c>: errors name it. None by default.</summary>
    public string? FolderSetting { get; set; }

    /// <summary>Whether clearing a state deletes its row; otherwise an empty row keeps the ETag. True by default.</summary>
    public bool DeleteStateOnClear { get; set; } = true;

    /// <summary>How states become bytes: Orleans' binary serializer unless another is registered for the storage's name.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}

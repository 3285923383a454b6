namespace KadOrleans.Grains.Storage;

/// <summary>A stored state, which says with which schema version it was written.</summary>
internal interface IVersionedState
{
    /// <summary>As in <see cref="StateSchema"/>; set when the state is written.</summary>
    int SchemaVersion { get; set; }
}

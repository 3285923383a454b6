using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>
/// Where a cluster keeps its state, and so how its processes and clients find its silos: by Orleans' own settings, which <c>kad-server</c> reads too.
/// </summary>
internal abstract class ClusterStorage
{
    protected const string Clustering = "Orleans:Clustering";
    protected const string Reminders = "Orleans:Reminders";
    protected const string State = "Orleans:GrainStorage:Kad";

    /// <summary>What processes of the cluster wait for.</summary>
    public virtual IReadOnlyList<IResource> Needs => [];

    /// <summary>Whether several silos share it.</summary>
    public virtual bool IsShared => true;

    /// <summary>Adds the settings of a client, such as an edge: where it finds the silos.</summary>
    public abstract void AddClientSettings(ProcessSettings settings);

    /// <summary>Adds the settings of a silo: members, grain state and reminders.</summary>
    public abstract void AddSiloSettings(ProcessSettings settings);
}

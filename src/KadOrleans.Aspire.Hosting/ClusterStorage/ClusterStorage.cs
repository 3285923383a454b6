using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>Where a cluster keeps its state, and so how its processes and clients find its silos.</summary>
internal abstract class ClusterStorage
{
    /// <summary>What processes of the cluster wait for.</summary>
    public virtual IReadOnlyList<IResource> Needs => [];

    /// <summary>Whether several silos share it.</summary>
    public virtual bool IsShared => true;

    /// <summary>Adds the settings of <c>kad-server</c>.</summary>
    public abstract ValueTask AddServerSettingsAsync(ProcessSettings settings, ClusterMember member, CancellationToken cancellationToken);

    /// <summary>Adds Orleans' settings of a client: where it finds the silos.</summary>
    public abstract ValueTask AddClientSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken);

    /// <summary>Adds Orleans' settings of a silo: members, grain state and reminders.</summary>
    public abstract ValueTask AddSiloSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken);
}

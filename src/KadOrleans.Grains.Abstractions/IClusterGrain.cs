namespace KadOrleans.Grains.Abstractions;

/// <summary>
/// What all silos of a cluster must agree on. Key: <see cref="GrainKeys.Singleton"/>. What it answers is durable when
/// the call returns.
/// </summary>
[Alias("kad.IClusterGrain")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Fixes the settings if this is the cluster's first silo, and else returns those that were fixed then: the caller
    /// compares. A storage failure comes back as its exception, and nothing is fixed.
    /// </summary>
    [Alias("Agree")]
    ValueTask<ClusterSettings> AgreeAsync(ClusterSettings proposed);

    /// <summary>The settings, or null before the first silo fixed them.</summary>
    [Alias("Get")]
    ValueTask<ClusterSettings?> GetAsync();
}

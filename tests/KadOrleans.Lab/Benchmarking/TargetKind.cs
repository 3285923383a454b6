namespace KadOrleans.Lab.Benchmarking;

/// <summary>Where a target of <c>kad-lab bench</c> comes from.</summary>
internal enum TargetKind
{
    /// <summary><c>kad node</c>, started with keys and contacts.</summary>
    Started,

    /// <summary>Somebody runs it.</summary>
    Given,

    /// <summary>The Python implementation, started with contacts.</summary>
    Python,
}

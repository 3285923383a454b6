namespace KadOrleans.Core.Lookups;

/// <summary>How far a lookup got with one contact.</summary>
public enum CandidateState
{
    /// <summary>Known, not asked yet.</summary>
    Heard,

    /// <summary>Asked, and within the time it usually takes to answer.</summary>
    Waiting,

    /// <summary>Asked, and late. Others are asked in its place; its answer still counts.</summary>
    Slow,

    /// <summary>It answered.</summary>
    Answered,

    /// <summary>It did not answer in time, or with something that is no answer.</summary>
    Failed,
}
